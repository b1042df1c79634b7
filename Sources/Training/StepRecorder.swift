import DeviceRuntime

/// What one training step did.
package struct TrainedStep: Hashable, Sendable {
  /// The step of the run, from 1.
  package let number: Int
  /// As the kernel was given it.
  package let learningRate: Float
  /// The mean loss of its images.
  package let loss: Float
  /// Its images.
  package let images: Int
}

/// Keeps the sums of the loss kernel after each of some steps on the device, so that nothing has to
/// wait for a step.
final class StepRecorder {
  /// Steps that are kept, at most.
  static let capacity = 64

  private let buffer: Buffer<Float>
  private let queue: Queue
  private var steps: [(number: Int, learningRate: Double)] = []
  /// The sums before the first of them.
  private var before: [Float] = []

  init(queue: Queue) throws(CLError) {
    buffer = try queue.context.makeBuffer(
      Float.self, count: StepRecorder.capacity * MetricsBuffer.count)
    self.queue = queue
  }

  /// Begins with the sums as they are; waits for them.
  func begin(_ metrics: MetricsBuffer) throws(CLError) {
    steps = []
    before = try metrics.read()
  }

  /// Keeps the sums after the step that was enqueued last.
  func add(_ metrics: MetricsBuffer, step: Int, learningRate: Double) throws(CLError) {
    precondition(steps.count < StepRecorder.capacity, "more steps than are kept")
    try metrics.copy(to: buffer, at: steps.count)
    steps.append((step, learningRate))
  }

  /// The steps since the last call; waits for them.
  func take() throws(CLError) -> [TrainedStep] {
    let size = MetricsBuffer.count
    let sums = try buffer.read(0..<steps.count * size, on: queue)
    defer { steps = [] }
    return steps.enumerated().map { index, step in
      let after = Array(sums[index * size..<(index + 1) * size])
      defer { before = after }
      let images = after[2] - before[2]
      return TrainedStep(
        number: step.number, learningRate: Float(step.learningRate),
        loss: (after[0] - before[0]) / images, images: Int(images))
    }
  }
}
