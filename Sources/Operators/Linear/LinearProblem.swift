import Autotuner

/// Sizes of a linear layer: x: [batch, inputs], w: [outputs, inputs], y: [batch, outputs].
package struct LinearProblem: Hashable, Codable, Sendable, CustomStringConvertible {
  package var batch: Int
  package var inputs: Int
  package var outputs: Int

  package init(batch: Int, inputs: Int, outputs: Int) {
    self.batch = batch
    self.inputs = inputs
    self.outputs = outputs
  }

  package var description: String { "N\(batch) \(inputs)->\(outputs)" }

  /// One product of the layer's sizes.
  var product: Cost {
    Cost(
      flops: 2 * Double(batch * inputs * outputs),
      bytes: 4 * Double(batch * inputs + inputs * outputs + batch * outputs))
  }

  static let examples: [LinearProblem] =
    [(1, 1, 1), (3, 7, 5), (7, 16, 10), (2, 64, 1), (32, 64, 10), (128, 33, 100)]
    .map { LinearProblem(batch: $0.0, inputs: $0.1, outputs: $0.2) }
}

/// C = A·B (+ start) in double precision with the rounding bound of single precision.
///
/// `a` and `b` give the elements of an [m, k] and a [k, n] matrix.
func productReference(
  m: Int, n: Int, k: Int, start: (Int) -> Double = { _ in 0 },
  a: (_ row: Int, _ inner: Int) -> Double, b: (_ inner: Int, _ column: Int) -> Double
) -> ReferenceResult {
  var values: [Double] = []
  var tolerance: [Double] = []
  for row in 0..<m {
    for column in 0..<n {
      var sum = start(column)
      var magnitude = abs(sum)
      for inner in 0..<k {
        let term = a(row, inner) * b(inner, column)
        sum += term
        magnitude += abs(term)
      }
      values.append(sum)
      tolerance.append(4 * Double(k + 1).squareRoot() * 0x1p-24 * magnitude)
    }
  }
  return ReferenceResult(values: values, tolerance: tolerance)
}
