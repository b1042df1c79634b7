import Datasets
import DeviceRuntime
import Graph

/// The images of one split on the device, as bytes or whitened, with the order in which they are visited.
final class DeviceDataset: BatchSource {
  private let split: LabeledImages
  private let constants: (mean: [Float], inverseDeviation: [Float])
  private let images: any DeviceBuffer
  private let labels: Buffer<Int32>
  private let order: Buffer<UInt32>
  private let mean: Buffer<Float>
  private let inverseDeviation: Buffer<Float>
  private let queue: Queue

  var count: Int { split.count }

  /// Allocates; `load` copies the images to the device.
  init(
    _ split: LabeledImages, mean: [Float], standardDeviation: [Float], context: Context,
    queue: Queue
  ) throws(CLError) {
    self.split = split
    constants = (mean, standardDeviation.map { 1 / $0 })
    self.queue = queue
    if let values = split.values {
      images = try context.makeBuffer(Float.self, count: values.count)
    } else {
      images = try context.makeBuffer(UInt8.self, count: split.images.count)
    }
    labels = try context.makeBuffer(Int32.self, count: split.count)
    order = try context.makeBuffer(UInt32.self, count: split.count)
    self.mean = try context.makeBuffer(Float.self, count: mean.count)
    inverseDeviation = try context.makeBuffer(Float.self, count: mean.count)
  }

  /// Copies the images to the device, in their own order.
  func load() throws {
    try (images as? Buffer<UInt8>)?.write(split.images, on: queue)
    if let values = split.values { try (images as? Buffer<Float>)?.write(values, on: queue) }
    try labels.write(split.labels, on: queue)
    try order.write((0..<UInt32(split.count)).map { $0 }, on: queue)
    try mean.write(constants.mean, on: queue)
    try inverseDeviation.write(constants.inverseDeviation, on: queue)
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
