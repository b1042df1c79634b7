import Autotuner

extension BatchNormStatistics {
  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let channels = concurrentMap(Array(0..<problem.channels), terms: 2 * problem.rows) {
      results(ofChannel: $0, problem, inputs)
    }
    return (0..<4).map { output in
      ReferenceOutput(
        channels.map { $0[output] }, exactOnIntegers: false, terms: problem.rows, sumsPixels: true)
    }
  }

  private static func results(
    ofChannel channel: Int, _ problem: Problem, _ inputs: [ReferenceInput]
  ) -> [ReferenceOutput.Element] {
    let x = inputs[0]
    let count = Double(problem.rows)
    let momentum = Double(problem.momentum)
    let places = stride(from: channel, to: problem.rows * problem.channels, by: problem.channels)
    let first = x[channel]
    var sum = 0.0
    for place in places { sum += x[place] }
    let mean = sum / count
    var squares = 0.0
    var aboutFirst = (absolute: 0.0, squares: 0.0)
    for place in places {
      let value = x[place]
      squares += (value - mean) * (value - mean)
      aboutFirst.absolute += abs(value - first) / count
      aboutFirst.squares += (value - first) * (value - first) / count
    }
    let variance = squares / count
    // The kernel sums differences from the first row; the mean itself is rounded once.
    let growth = 4 * (count.squareRoot() + 1) * roundoff
    let meanOfDifferences = growth * aboutFirst.absolute
    let meanTolerance = meanOfDifferences + 2 * roundoff * abs(mean)
    let varianceTolerance =
      growth * variance + 4 * roundoff * (aboutFirst.squares * variance).squareRoot()
      + meanOfDifferences * meanOfDifferences
    let unbiased = squares / max(count - 1, 1)
    let unbiasedTolerance = varianceTolerance * count / max(count - 1, 1)
    let (oldMean, oldVariance) = (inputs[1][channel], inputs[2][channel])
    let shifted = variance + Double(problem.epsilon)
    return [
      (
        oldMean + momentum * (mean - oldMean),
        momentum * meanTolerance + 4 * roundoff * (abs(mean) + abs(oldMean))
      ),
      (
        oldVariance + momentum * (unbiased - oldVariance),
        momentum * unbiasedTolerance + 4 * roundoff * (unbiased + abs(oldVariance))
      ),
      (mean, meanTolerance),
      // OpenCL allows the square root 3 and the quotient 2.5 units in the last place.
      (
        1 / shifted.squareRoot(),
        (varianceTolerance / (2 * shifted) + 12 * roundoff) / shifted.squareRoot()
      ),
    ]
  }
}

extension BatchNormReLUForward {
  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let channels = problem.channels
    let (x, mean, spread, gamma, beta) = (inputs[0], inputs[1], inputs[2], inputs[3], inputs[4])
    let scale = (0..<channels).map { channel in
      problem.inference
        ? gamma[channel] / (spread[channel] + Double(problem.epsilon)).squareRoot()
        : gamma[channel] * spread[channel]
    }
    let mask = problem.dropout > 0 ? DropoutMask(rate: problem.dropout, scalars) : nil
    // One rounding each: the difference, the scale (in inference a square root and a quotient
    // more), the product and sum, dropout.
    let roundings = problem.inference ? 16.0 : 6.0
    return [
      ReferenceOutput(
        [problem.rows, channels],
        exactOnIntegers: !problem.inference && (problem.dropout == 0 || problem.dropout == 0.5),
        terms: mask == nil ? 2 : 10
      ) { index in
        let channel = index % channels
        let product = (x[index] - mean[channel]) * scale[channel]
        let value = product + beta[channel]
        let factor = mask?.factor(index) ?? 1
        return (
          (problem.relu ? max(value, 0) : value) * factor,
          roundings * roundoff * (abs(product) + abs(beta[channel])) * factor
        )
      }
    ]
  }
}

extension BatchNormAddReLUForward {
  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let normalized = BatchNormReLUForward.reference(problem.normalization, inputs, scalars)[0]
    let b = inputs[5]
    let share = scalars.number("share")
    return [
      ReferenceOutput(
        [problem.rows, problem.channels], exactOnIntegers: !problem.inference, terms: 3
      ) { index in
        let (value, tolerance) = normalized[index]
        let sum = share * value + b[index]
        return (
          max(sum, 0),
          share * tolerance + 2 * roundoff * (abs(share * value) + abs(b[index]))
        )
      }
    ]
  }
}

extension BatchNormReLUBackward {
  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let (rows, channels) = (problem.rows, problem.channels)
    let (dy, x, mean, inverse) = (inputs[0], inputs[1], inputs[2], inputs[3])
    let (gamma, beta) = (inputs[4], inputs[5])
    let addend = problem.withAddend ? inputs[6] : nil
    let mask = problem.dropout > 0 ? DropoutMask(rate: problem.dropout, scalars) : nil
    // The gradient behind ReLU and dropout, and the normalised x.
    @Sendable func gradient(_ index: Int, _ channel: Int) -> (g: Double, normal: Double) {
      let normal = (x[index] - mean[channel]) * inverse[channel]
      if problem.relu && normal * gamma[channel] + beta[channel] <= 0 { return (0, normal) }
      return (dy[index] * (mask?.factor(index) ?? 1), normal)
    }
    struct Sums {
      var g = 0.0
      var product = 0.0
      var absoluteG = 0.0
      var absoluteProduct = 0.0
    }
    let sums = concurrentMap(Array(0..<channels), terms: (mask == nil ? 2 : 10) * rows) { channel in
      var sums = Sums()
      for index in stride(from: channel, to: rows * channels, by: channels) {
        let (g, normal) = gradient(index, channel)
        sums.g += g
        sums.product += g * normal
        sums.absoluteG += abs(g)
        sums.absoluteProduct += abs(g * normal)
      }
      return sums
    }
    let n = Double(rows)
    let growth = 4 * (n.squareRoot() + 2) * roundoff
    let dx = ReferenceOutput([rows, channels], exactOnIntegers: false, terms: 4) { index in
      let channel = index % channels
      let (g, normal) = gradient(index, channel)
      let sum = sums[channel]
      let scale = gamma[channel] * inverse[channel]
      let other = addend?[index] ?? 0
      let terms = abs(g) + abs(sum.g) / n + abs(normal * sum.product) / n
      let sumErrors = growth * (sum.absoluteG + abs(normal) * sum.absoluteProduct) / n
      return (
        scale * (g - sum.g / n - normal * sum.product / n) + other,
        abs(scale) * (8 * roundoff * terms + sumErrors) + 2 * roundoff * abs(other)
      )
    }
    let exact = problem.dropout == 0 || problem.dropout == 0.5
    return [
      dx,
      ReferenceOutput(
        sums.map { ($0.product, growth * $0.absoluteProduct) }, exactOnIntegers: exact, terms: rows,
        sumsPixels: true),
      ReferenceOutput(
        sums.map { ($0.g, growth * $0.absoluteG) }, exactOnIntegers: exact, terms: rows,
        sumsPixels: true),
    ]
  }
}
