import Autotuner

/// A convolution's input in double precision, normalised where asked for.
private enum ConvolutionInput: Sendable {
  /// The values that were given.
  case plain(ReferenceInput)
  /// With the bounds of what single precision rounds in it.
  case normalized(ReferenceOutput)

  /// The input, and the tensors of the operation behind it and its coefficients.
  static func first(
    of inputs: [ReferenceInput], _ shape: Conv2DShape, _ normalization: InputNormalization?,
    _ scalars: DynamicScalars
  ) -> (input: ConvolutionInput, rest: [ReferenceInput]) {
    guard let normalization else { return (.plain(inputs[0]), Array(inputs.dropFirst())) }
    return (
      .normalized(normalization.reference(shape, Array(inputs.prefix(5)), scalars)),
      Array(inputs.dropFirst(5))
    )
  }

  /// Whether the values are what was given.
  var isPlain: Bool { if case .plain = self { true } else { false } }

  subscript(_ index: Int) -> ReferenceOutput.Element {
    switch self {
    case .plain(let input): (input[index], 0)
    case .normalized(let output): output[index]
    }
  }
}

/// A sum of products with the bound of what single precision rounds in it, 4·√K·ε·Σ|a||b| for the K
/// products that are not 0, and the products' own errors.
private struct ProductSum {
  private var value: Double
  private var magnitude: Double
  private var errors = 0.0
  private var terms = 1

  init(start: Double = 0) {
    value = start
    magnitude = abs(start)
  }

  @inline(__always)
  mutating func add(_ a: ReferenceOutput.Element, _ b: Double) {
    let product = a.value * b
    value += product
    magnitude += abs(product)
    errors += a.tolerance * abs(b)
    terms += product == 0 ? 0 : 1
  }

  var element: ReferenceOutput.Element {
    (value, 4 * Double(terms).squareRoot() * roundoff * magnitude + errors)
  }
}

extension Conv2DShape {
  private var inExtents: [Int] { [batch, inHeight, inWidth, inChannels] }
  private var outExtents: [Int] { [batch, outHeight, outWidth, outChannels] }

  /// y from x and w.
  fileprivate func forwardReference(
    x: ConvolutionInput, w: ReferenceInput, residual: ReferenceInput?
  ) -> ReferenceOutput {
    ReferenceOutput(
      outExtents, exactOnIntegers: x.isPlain, terms: kernel * kernel * inChannels
    ) { index in
      let (pixel, o) = index.quotientAndRemainder(dividingBy: outChannels)
      let image = pixel / (outHeight * outWidth)
      let (row, column) = (pixel / outWidth % outHeight, pixel % outWidth)
      var sum = ProductSum(start: residual?[index] ?? 0)
      for tap in 0..<kernel * kernel {
        let (inRow, inColumn) = (
          row * stride + tap / kernel - pad, column * stride + tap % kernel - pad
        )
        guard inRow >= 0 && inRow < inHeight && inColumn >= 0 && inColumn < inWidth else {
          continue
        }
        let from = ((image * inHeight + inRow) * inWidth + inColumn) * inChannels
        let filter = tap * inChannels * outChannels + o
        for c in 0..<inChannels { sum.add(x[from + c], w[filter + c * outChannels]) }
      }
      return sum.element
    }
  }

  /// dx from dy and w.
  fileprivate func backwardDataReference(
    dy: ReferenceInput, w: ReferenceInput, residual: ReferenceInput?
  ) -> ReferenceOutput {
    ReferenceOutput(inExtents, terms: kernel * kernel * outChannels) { index in
      let (pixel, c) = index.quotientAndRemainder(dividingBy: inChannels)
      let image = pixel / (inHeight * inWidth)
      let (row, column) = (pixel / inWidth % inHeight, pixel % inWidth)
      var sum = ProductSum(start: residual?[index] ?? 0)
      for tap in 0..<kernel * kernel {
        let (down, right) = (row + pad - tap / kernel, column + pad - tap % kernel)
        guard down >= 0, right >= 0, down.isMultiple(of: stride), right.isMultiple(of: stride),
          down / stride < outHeight, right / stride < outWidth
        else { continue }
        let from =
          ((image * outHeight + down / stride) * outWidth + right / stride) * outChannels
        let filter = (tap * inChannels + c) * outChannels
        for o in 0..<outChannels { sum.add((dy[from + o], 0), w[filter + o]) }
      }
      return sum.element
    }
  }

  /// dw from x and dy, of which only what is not 0 counts.
  fileprivate func backwardFilterReference(
    x: ConvolutionInput, dy: ReferenceInput
  ) -> ReferenceOutput {
    let pixels = pixelsByChannel(dy)
    return ReferenceOutput(
      [kernel, kernel, inChannels, outChannels], exactOnIntegers: x.isPlain,
      terms: pixels.reduce(0) { $0 + $1.count } / outChannels
    ) { index in
      let (place, o) = index.quotientAndRemainder(dividingBy: outChannels)
      let (tap, c) = place.quotientAndRemainder(dividingBy: inChannels)
      let (r, s) = (tap / kernel - pad, tap % kernel - pad)
      var sum = ProductSum()
      for pixel in pixels[o] {
        let (line, column) = Int(pixel).quotientAndRemainder(dividingBy: outWidth)
        let (image, row) = line.quotientAndRemainder(dividingBy: outHeight)
        let (inRow, inColumn) = (row * stride + r, column * stride + s)
        guard inRow >= 0 && inRow < inHeight && inColumn >= 0 && inColumn < inWidth else {
          continue
        }
        sum.add(
          x[((image * inHeight + inRow) * inWidth + inColumn) * inChannels + c],
          dy[Int(pixel) * outChannels + o])
      }
      return sum.element
    }
  }

  /// For each output channel the output pixels at which dy is not 0.
  private func pixelsByChannel(_ dy: ReferenceInput) -> [[Int32]] {
    let nonzero = dy.repeated.indices.filter { dy.repeated[$0] != 0 }
    var pixels = [[Int32]](repeating: [], count: outChannels)
    for start in Swift.stride(from: 0, to: outCount, by: dy.repeated.count) {
      for offset in nonzero where start + offset < outCount {
        let (pixel, o) = (start + offset).quotientAndRemainder(dividingBy: outChannels)
        pixels[o].append(Int32(pixel))
      }
    }
    return pixels
  }
}

extension Conv2DForward {
  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let (x, rest) = ConvolutionInput.first(
      of: inputs, problem.shape, problem.normalization, scalars)
    return [
      problem.shape.forwardReference(
        x: x, w: rest[0], residual: problem.withResidual ? rest[1] : nil)
    ]
  }
}

extension Conv2DBackwardData {
  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    [
      problem.shape.backwardDataReference(
        dy: inputs[0], w: inputs[1], residual: problem.withResidual ? inputs[2] : nil)
    ]
  }
}

extension Conv2DBackwardFilter {
  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let (x, rest) = ConvolutionInput.first(
      of: inputs, problem.shape, problem.normalization, scalars)
    return [problem.shape.backwardFilterReference(x: x, dy: rest[0])]
  }
}
