import Datasets
import DeviceRuntime
import Graph

/// The images of one split on the device, as bytes or whitened, with the order in which they are visited.
final class DeviceDataset: BatchSource {
  let count: Int
  private let images: any DeviceBuffer
  private let labels: Buffer<Int32>
  private let order: Buffer<UInt32>
  private let mean: Buffer<Float>
  private let inverseDeviation: Buffer<Float>
  private let queue: Queue

  /// Copies the images to the device, in their own order.
  init(
    _ split: LabeledImages, mean: [Float], standardDeviation: [Float], context: Context,
    queue: Queue
  ) throws(CLError) {
    count = split.count
    self.queue = queue
    if let values = split.values {
      let buffer = try context.makeBuffer(Float.self, count: values.count)
      try buffer.write(values, on: queue)
      images = buffer
    } else {
      let buffer = try context.makeBuffer(UInt8.self, count: split.images.count)
      try buffer.write(split.images, on: queue)
      images = buffer
    }
    labels = try context.makeBuffer(Int32.self, count: split.count)
    order = try context.makeBuffer(UInt32.self, count: split.count)
    self.mean = try context.makeBuffer(Float.self, count: mean.count)
    inverseDeviation = try context.makeBuffer(Float.self, count: mean.count)
    try labels.write(split.labels, on: queue)
    try order.write((0..<UInt32(split.count)).map { $0 }, on: queue)
    try self.mean.write(mean, on: queue)
    try inverseDeviation.write(standardDeviation.map { 1 / $0 }, on: queue)
  }

  /// Bytes of each large allocation for a split, as bytes or whitened; none for image files, which
  /// stay on the host.
  static func allocations(for split: LabeledImages, areWhitened: Bool) -> [Int] {
    guard split.files == nil else { return [] }
    let pixels = split.images.count * (areWhitened ? MemoryLayout<Float>.size : 1)
    return [pixels, 4 * split.count, 4 * split.count]
  }

  func begin(epoch: Int, order permutation: [UInt32]) throws {
    try order.write(permutation, on: queue)
  }

  /// Nothing to do: the plan's first operation picks the images.
  func provide(_ places: Range<Int>, slots: Int, next: Range<Int>?, to executor: Executor) {}

  func buffers(metrics: Buffer<Float>) -> [String: any DeviceBuffer] {
    [
      "dataset images": images, "dataset labels": labels, "order": order, "mean": mean,
      "inverse deviation": inverseDeviation, "metrics": metrics,
    ]
  }
}
