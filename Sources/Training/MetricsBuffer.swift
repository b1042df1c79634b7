import DeviceRuntime

/// What the loss kernel adds up on the device over an epoch.
final class MetricsBuffer {
  /// Numbers that the kernel keeps.
  static let count = 4
  let buffer: Buffer<Float>
  private let queue: Queue

  init(context: Context, queue: Queue) throws(CLError) {
    buffer = try context.makeBuffer(Float.self, count: MetricsBuffer.count)
    self.queue = queue
    try reset()
  }

  func reset() throws(CLError) { try buffer.fill(0, on: queue) }

  /// The kernel's own numbers, which continue an epoch exactly when written back.
  func read() throws(CLError) -> [Float] { try buffer.read(on: queue) }

  func write(_ values: [Float]) throws(CLError) { try buffer.write(values, on: queue) }

  /// Copies the numbers to a place of another buffer, without waiting.
  func copy(to other: Buffer<Float>, at place: Int) throws(CLError) {
    try buffer.copy(to: other, at: place * MetricsBuffer.count, on: queue)
  }

  /// The means so far; waits for everything that is enqueued.
  func metrics() throws(CLError) -> Metrics { Metrics(deviceValues: try read()) }
}

/// Loss and error over a number of images.
public struct Metrics: Hashable, Sendable {
  /// The mean loss of an image; not a number before the first.
  public let loss: Double
  /// The images classified wrongly, in per cent.
  public let error: Double
  /// The number of images.
  public let images: Int

  init(deviceValues values: [Float]) {
    images = Int(values[2])
    loss = Double(values[0]) / Double(values[2])
    error = 100 * Double(values[1]) / Double(values[2])
  }
}
