/// A named tensor that training changes: a parameter or a running statistic.
public struct Parameter: Hashable, Sendable {
  /// What the numbers mean, and how files order them.
  public enum Layout: Hashable, Sendable {
    /// On the device [kernel, kernel, inputs, outputs], in files [outputs, inputs, kernel, kernel].
    case filter(kernel: Int, inputs: Int, outputs: Int)
    /// [outputs, inputs] in both.
    case matrix(outputs: Int, inputs: Int)
    /// [count] in both.
    case vector(Int)
  }

  /// The distribution that the numbers start from.
  public enum Start: Hashable, Sendable {
    /// N(0, standardDeviation²).
    case normal(standardDeviation: Float)
    /// U(low, high).
    case uniform(low: Float, high: Float)
    /// The same number everywhere.
    case constant(Float)
  }

  /// The name in checkpoints, for example "group0.block0.conv0.weight".
  public let name: String
  /// Sizes and order.
  public let layout: Layout
  /// The numbers before the first step.
  public let start: Start

  /// Numbers in the tensor.
  public var count: Int {
    switch layout {
    case .filter(let kernel, let inputs, let outputs): kernel * kernel * inputs * outputs
    case .matrix(let outputs, let inputs): outputs * inputs
    case .vector(let count): count
    }
  }

  /// The shape in files.
  public var fileShape: [Int] {
    switch layout {
    case .filter(let kernel, let inputs, let outputs): [outputs, inputs, kernel, kernel]
    case .matrix(let outputs, let inputs): [outputs, inputs]
    case .vector(let count): [count]
    }
  }

  /// The device's order from a file's.
  public func deviceOrder(fromFile values: [Float]) -> [Float] {
    permuted(values) { device, file in (to: device, from: file) }
  }

  /// A file's order from the device's.
  public func fileOrder(fromDevice values: [Float]) -> [Float] {
    permuted(values) { device, file in (to: file, from: device) }
  }

  private func permuted(
    _ values: [Float], _ pick: (_ device: Int, _ file: Int) -> (to: Int, from: Int)
  ) -> [Float] {
    precondition(values.count == count, "\(name): \(values.count) values, expected \(count)")
    guard case .filter(let kernel, let inputs, let outputs) = layout else { return values }
    let taps = kernel * kernel
    var result = values
    for tap in 0..<taps {
      for input in 0..<inputs {
        for output in 0..<outputs {
          let at = pick(
            (tap * inputs + input) * outputs + output, (output * inputs + input) * taps + tap)
          result[at.to] = values[at.from]
        }
      }
    }
    return result
  }
}
