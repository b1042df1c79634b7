/// A named tensor that training changes: a parameter or a running statistic.
public struct Parameter: Hashable, Sendable {
  /// What the numbers mean, and how files order them.
  public enum Layout: Hashable, Sendable {
    /// On the device [kernel, kernel, inputs, outputs], in files [outputs, inputs, kernel, kernel].
    case filter(kernel: Int, inputs: Int, outputs: Int)
    /// [outputs, inputs] in both.
    case matrix(outputs: Int, inputs: Int)
    /// Of a map of several pixels: on the device [outputs, pixels, channels], in files
    /// [outputs, channels · pixels], the channels outside.
    case mapMatrix(outputs: Int, pixels: Int, channels: Int)
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
    case .mapMatrix(let outputs, let pixels, let channels): outputs * pixels * channels
    case .vector(let count): count
    }
  }

  /// The shape in files.
  public var fileShape: [Int] {
    switch layout {
    case .filter(let kernel, let inputs, let outputs): [outputs, inputs, kernel, kernel]
    case .matrix(let outputs, let inputs): [outputs, inputs]
    case .mapMatrix(let outputs, let pixels, let channels): [outputs, channels * pixels]
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
    switch layout {
    case .filter(let kernel, let inputs, let outputs):
      // [kernel², inputs, outputs] and [outputs, inputs, kernel²].
      return permuted(values, extents: (kernel * kernel, inputs, outputs), pick) {
        ($2 * inputs + $1) * kernel * kernel + $0
      }
    case .mapMatrix(let outputs, let pixels, let channels):
      // [outputs, pixels, channels] and [outputs, channels, pixels].
      return permuted(values, extents: (outputs, pixels, channels), pick) {
        ($0 * channels + $2) * pixels + $1
      }
    case .matrix, .vector: return values
    }
  }

  /// Moves values between the device's order of three extents and the file's, `place`.
  private func permuted(
    _ values: [Float], extents: (Int, Int, Int),
    _ pick: (_ device: Int, _ file: Int) -> (to: Int, from: Int),
    place: (_ first: Int, _ second: Int, _ third: Int) -> Int
  ) -> [Float] {
    var result = values
    var device = 0
    for first in 0..<extents.0 {
      for second in 0..<extents.1 {
        for third in 0..<extents.2 {
          let at = pick(device, place(first, second, third))
          result[at.to] = values[at.from]
          device += 1
        }
      }
    }
    return result
  }
}
