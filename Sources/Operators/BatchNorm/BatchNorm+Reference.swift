import Autotuner

extension BatchNormStatistics {
  package static func reference(_ problem: Problem, _ inputs: [[Double]]) -> [ReferenceResult] {
    let x = inputs[0]
    let (rows, channels) = (problem.rows, problem.channels)
    let count = Double(rows)
    let momentum = Double(problem.momentum)
    var results = (0..<4).map { _ in
      ReferenceResult(
        values: Array(repeating: 0, count: channels),
        tolerance: Array(repeating: 0, count: channels), exactOnIntegers: false)
    }
    for channel in 0..<channels {
      let column = stride(from: channel, to: rows * channels, by: channels).map { x[$0] }
      let mean = column.reduce(0, +) / count
      var squares = 0.0
      var aboutFirst = (absolute: 0.0, squares: 0.0)
      for value in column {
        squares += (value - mean) * (value - mean)
        aboutFirst.absolute += abs(value - column[0]) / count
        aboutFirst.squares += (value - column[0]) * (value - column[0]) / count
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

      let oldMean = inputs[1][channel]
      let oldVariance = inputs[2][channel]
      results[0].values[channel] = oldMean + momentum * (mean - oldMean)
      results[0].tolerance[channel] =
        momentum * meanTolerance + 4 * roundoff * (abs(mean) + abs(oldMean))
      results[1].values[channel] = oldVariance + momentum * (unbiased - oldVariance)
      results[1].tolerance[channel] =
        momentum * unbiasedTolerance + 4 * roundoff * (unbiased + abs(oldVariance))
      results[2].values[channel] = mean
      results[2].tolerance[channel] = meanTolerance
      let shifted = variance + Double(problem.epsilon)
      results[3].values[channel] = 1 / shifted.squareRoot()
      // OpenCL allows the square root 3 and the quotient 2.5 units in the last place.
      results[3].tolerance[channel] =
        (varianceTolerance / (2 * shifted) + 12 * roundoff) / shifted.squareRoot()
    }
    return results
  }
}

extension BatchNormReLUForward {
  package static func reference(_ problem: Problem, _ inputs: [[Double]]) -> [ReferenceResult] {
    let channels = problem.channels
    let count = problem.rows * channels
    let (x, mean, spread, gamma, beta) = (inputs[0], inputs[1], inputs[2], inputs[3], inputs[4])
    let scale = (0..<channels).map { channel in
      problem.inference
        ? gamma[channel] / (spread[channel] + Double(problem.epsilon)).squareRoot()
        : gamma[channel] * spread[channel]
    }
    let factors =
      problem.dropout > 0
      ? DropoutMask.example(rate: problem.dropout).factors(count: count)
      : Array(repeating: 1, count: count)
    // One rounding each: the difference, the scale (in inference a square root and a quotient
    // more), the product and sum, dropout.
    let roundings = problem.inference ? 16.0 : 6.0
    var values = [Double](repeating: 0, count: count)
    var tolerance = values
    for row in 0..<problem.rows {
      for channel in 0..<channels {
        let index = row * channels + channel
        let product = (x[index] - mean[channel]) * scale[channel]
        let value = product + beta[channel]
        values[index] = (problem.relu ? max(value, 0) : value) * factors[index]
        tolerance[index] =
          roundings * roundoff * (abs(product) + abs(beta[channel])) * factors[index]
      }
    }
    return [
      ReferenceResult(
        values: values, tolerance: tolerance,
        exactOnIntegers: !problem.inference && (problem.dropout == 0 || problem.dropout == 0.5))
    ]
  }
}

extension BatchNormReLUBackward {
  package static func reference(_ problem: Problem, _ inputs: [[Double]]) -> [ReferenceResult] {
    let (rows, channels) = (problem.rows, problem.channels)
    let count = rows * channels
    let (dy, x, mean, inverse) = (inputs[0], inputs[1], inputs[2], inputs[3])
    let (gamma, beta) = (inputs[4], inputs[5])
    var gradient = dy
    if problem.dropout > 0 {
      let factors = DropoutMask.example(rate: problem.dropout).factors(count: count)
      for index in 0..<count { gradient[index] *= factors[index] }
    }
    var sums = [Double](repeating: 0, count: channels)  // of g
    var products = sums  // of g * xhat
    var absoluteSums = sums
    var absoluteProducts = sums
    for row in 0..<rows {
      for channel in 0..<channels {
        let index = row * channels + channel
        let normal = (x[index] - mean[channel]) * inverse[channel]
        if problem.relu && normal * gamma[channel] + beta[channel] <= 0 { gradient[index] = 0 }
        let g = gradient[index]
        sums[channel] += g
        products[channel] += g * normal
        absoluteSums[channel] += abs(g)
        absoluteProducts[channel] += abs(g * normal)
      }
    }
    let n = Double(rows)
    let growth = 4 * (n.squareRoot() + 2) * roundoff
    var dx = [Double](repeating: 0, count: count)
    var tolerance = dx
    for row in 0..<rows {
      for channel in 0..<channels {
        let index = row * channels + channel
        let normal = (x[index] - mean[channel]) * inverse[channel]
        let scale = gamma[channel] * inverse[channel]
        let addend = problem.withAddend ? inputs[6][index] : 0
        dx[index] =
          scale * (gradient[index] - sums[channel] / n - normal * products[channel] / n) + addend
        let terms =
          abs(gradient[index]) + abs(sums[channel]) / n + abs(normal * products[channel]) / n
        let sumErrors =
          growth * (absoluteSums[channel] + abs(normal) * absoluteProducts[channel]) / n
        tolerance[index] =
          abs(scale) * (8 * roundoff * terms + sumErrors) + 2 * roundoff * abs(addend)
      }
    }
    let exact = problem.dropout == 0 || problem.dropout == 0.5
    return [
      ReferenceResult(values: dx, tolerance: tolerance, exactOnIntegers: false),
      ReferenceResult(
        values: products, tolerance: absoluteProducts.map { growth * $0 }, exactOnIntegers: exact),
      ReferenceResult(
        values: sums, tolerance: absoluteSums.map { growth * $0 }, exactOnIntegers: exact),
    ]
  }
}
