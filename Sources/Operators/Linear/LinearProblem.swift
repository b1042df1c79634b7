import Autotuner
import DeviceRuntime

/// Sizes of a linear layer: x: [batch, inputs], w: [outputs, inputs], y: [batch, outputs].
package struct LinearProblem: Hashable, Codable, Sendable, CustomStringConvertible {
  package var batch: Int
  package var inputs: Int
  package var outputs: Int

  package init(batch: Int, inputs: Int, outputs: Int) {
    precondition(
      batch > 0 && inputs > 0 && outputs > 0, "linear layer N\(batch) \(inputs)->\(outputs)")
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
    [
      (1, 1, 1), (1, 16, 3), (3, 7, 5), (7, 64, 10), (3, 640, 7), (128, 64, 10), (7, 33, 100),
      (5, 48, 31), (2, 64, 1),
    ]
    .map { LinearProblem(batch: $0.0, inputs: $0.1, outputs: $0.2) }
}

/// How a linear layer is computed.
package struct LinearConfiguration: Hashable, Codable, Sendable, CustomStringConvertible {
  package enum Algorithm: String, Codable, Sendable {
    /// Products by CLBlast, the bias by kernels of our own.
    case product
    /// One kernel with vectors along the inputs, for CPUs.
    case direct
  }

  package var algorithm: Algorithm
  /// Rows of the result a work-item takes, with their sums in registers; 1 with products.
  package var itemM: Int
  /// Work-items in a group: 1 on a CPU, 64...256 on a GPU.
  package var wgX: Int

  package var description: String { "\(algorithm.rawValue)_im\(itemM)_wg\(wgX)" }

  var macros: [Macro] { [Macro("ITEM_M", itemM), Macro("WG_X", wgX)] }

  /// Groups over `rows`.
  func range(_ rows: Int) -> NDRange {
    NDRange(
      groups: NDRange.Size(ceilDivide(ceilDivide(rows, itemM), wgX)), local: NDRange.Size(wgX))
  }

  /// The safe default first.
  static func candidates(on device: DeviceInfo) -> [LinearConfiguration] {
    // More than 8 sums of 16 floats and their operands do not fit 16 registers of AVX2.
    let cpu =
      [8, 4].map { LinearConfiguration(algorithm: .direct, itemM: $0, wgX: 1) }
      + [LinearConfiguration(algorithm: .product, itemM: 1, wgX: 1)]
    let gpu = [64, 256].map {
      LinearConfiguration(algorithm: .product, itemM: 1, wgX: min($0, device.maxWorkGroup))
    }
    return unique(device.kind == .gpu ? gpu + cpu : cpu + gpu)
  }
}

/// C = A·B (+ start) in double precision with the rounding bound of single precision.
///
/// `a` and `b` give the elements of an [m, k] and a [k, n] matrix.
func productReference(
  m: Int, n: Int, k: Int, start: @escaping @Sendable (Int) -> Double = { _ in 0 },
  a: @escaping @Sendable (_ row: Int, _ inner: Int) -> Double,
  b: @escaping @Sendable (_ inner: Int, _ column: Int) -> Double
) -> ReferenceOutput {
  ReferenceOutput([m, n], terms: k) { index in
    let (row, column) = index.quotientAndRemainder(dividingBy: n)
    return sumOfProducts(k, start: start(column)) { (a(row, $0), b($0, column)) }
  }
}

/// start + Σ a·b over `count` pairs of factors, with the rounding bound of single precision.
func sumOfProducts(
  _ count: Int, start: Double = 0, _ factors: (Int) -> (Double, Double)
) -> ReferenceOutput.Element {
  var sum = start
  var magnitude = abs(start)
  for inner in 0..<count {
    let (a, b) = factors(inner)
    sum += a * b
    magnitude += abs(a * b)
  }
  return (sum, 4 * Double(count + 1).squareRoot() * roundoff * magnitude)
}
