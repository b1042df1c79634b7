import Autotuner

/// A convolution's input in double precision, normalised where asked for.
package struct ConvolutionInput {
  var values: [Double]
  /// How far single precision may be from each value.
  var tolerance: [Double]?
  /// Whether the values are what was given.
  var isPlain: Bool { tolerance == nil }
  /// Tensors of the operation that were used up.
  let used: Int

  /// A plain input.
  package init(_ values: [Double]) {
    self.values = values
    tolerance = nil
    used = 1
  }

  init(_ shape: Conv2DShape, _ normalization: InputNormalization?, _ inputs: [[Double]]) {
    let result = normalization?.reference(shape, Array(inputs.prefix(5)))
    values = result?.values ?? inputs[0]
    tolerance = result?.tolerance
    used = result == nil ? 1 : 5
  }
}

extension Conv2DShape {
  /// Calls `body` with every product of a convolution: indices of x, w and y.
  private func forEachProduct(_ body: (_ x: Int, _ w: Int, _ y: Int) -> Void) {
    for image in 0..<batch {
      for row in 0..<outHeight {
        for column in 0..<outWidth {
          let y = ((image * outHeight + row) * outWidth + column) * outChannels
          for r in 0..<kernel {
            let inRow = row * stride + r - pad
            guard inRow >= 0 && inRow < inHeight else { continue }
            for s in 0..<kernel {
              let inColumn = column * stride + s - pad
              guard inColumn >= 0 && inColumn < inWidth else { continue }
              let x = ((image * inHeight + inRow) * inWidth + inColumn) * inChannels
              let w = (r * kernel + s) * inChannels * outChannels
              for c in 0..<inChannels {
                for o in 0..<outChannels { body(x + c, w + c * outChannels + o, y + o) }
              }
            }
          }
        }
      }
    }
  }

  /// Sums products of `a` and `b` into `count` results; `terms` is the length of a sum.
  ///
  /// The tolerance is 4·√K·ε·Σ|a||b|, with ε of single precision.
  private func sums(
    count: Int, terms: Int, residual: [Double]? = nil, a: ConvolutionInput, b: [Double],
    pick: (_ x: Int, _ w: Int, _ y: Int) -> (a: Int, b: Int, result: Int)
  ) -> ReferenceResult {
    var values = residual ?? Array(repeating: 0, count: count)
    var magnitudes = values.map(abs)
    let factor = 4 * Double(terms + 1).squareRoot() * 0x1p-24
    // An error of a's own counts as much as it would after the sum's rounding.
    let ownError = (a.tolerance ?? a.values.map { _ in 0 }).map { $0 / factor }
    a.values.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        values.withUnsafeMutableBufferPointer { values in
          magnitudes.withUnsafeMutableBufferPointer { magnitudes in
            forEachProduct { x, w, y in
              let at = pick(x, w, y)
              let product = a[at.a] * b[at.b]
              values[at.result] += product
              magnitudes[at.result] += abs(product) + ownError[at.a] * abs(b[at.b])
            }
          }
        }
      }
    }
    return ReferenceResult(
      values: values, tolerance: magnitudes.map { $0 * factor }, exactOnIntegers: a.isPlain)
  }

  /// y from x and w, in double precision.
  package func forwardReference(
    x: ConvolutionInput, w: [Double], residual: [Double]? = nil
  ) -> ReferenceResult {
    sums(
      count: outCount, terms: kernel * kernel * inChannels, residual: residual, a: x, b: w
    ) { ($0, $1, $2) }
  }

  /// dx from dy and w, in double precision.
  package func backwardDataReference(
    dy: [Double], w: [Double], residual: [Double]? = nil
  ) -> ReferenceResult {
    sums(
      count: inCount, terms: kernel * kernel * outChannels, residual: residual,
      a: ConvolutionInput(dy), b: w
    ) { ($2, $1, $0) }
  }

  /// dw from x and dy, in double precision.
  package func backwardFilterReference(x: ConvolutionInput, dy: [Double]) -> ReferenceResult {
    sums(count: filterCount, terms: outPixels, a: x, b: dy) { ($0, $2, $1) }
  }
}
