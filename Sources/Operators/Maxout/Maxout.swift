import Autotuner
import DeviceRuntime

/// The sizes of a maxout (Goodfellow et al., ICML 2013).
///
/// x: [rows, pieces, channels]; y: [rows, channels].
package struct MaxoutProblem: Hashable, Codable, Sendable, CustomStringConvertible {
  /// Images times pixels.
  package var rows: Int
  /// Numbers of which each maximum is taken.
  package var pieces: Int
  /// Channels of the output.
  package var channels: Int
  /// Whether the forward pass says which piece each maximum is.
  package var withWinners: Bool

  package init(rows: Int, pieces: Int, channels: Int, withWinners: Bool = true) {
    // A winner is a byte.
    precondition(rows > 0 && (1...256).contains(pieces) && channels > 0, "an empty maxout")
    self.rows = rows
    self.pieces = pieces
    self.channels = channels
    self.withWinners = withWinners
  }

  package var description: String {
    "\(rows)x\(channels) of \(pieces)" + (withWinners ? "" : " inference")
  }

  var inCount: Int { rows * pieces * channels }
  var outCount: Int { rows * channels }

  static var examples: [MaxoutProblem] {
    [(1, 1, 1), (98, 2, 7), (3, 5, 500), (50, 2, 16), (33, 3, 20), (147, 2, 80)].map {
      MaxoutProblem(rows: $0.0, pieces: $0.1, channels: $0.2)
    }
  }

  func launch(
    _ entryPoint: String, _ tiling: PixelTiling, _ tensors: [TensorArgument]
  ) -> OperationPlan {
    OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "maxout/maxout.cl", entryPoint: entryPoint,
          macros: tiling.macros + [Macro("WITH_WINNERS", withWinners)],
          range: tiling.range(pixels: rows, channels: channels),
          arguments: tensors.map { .buffer($0.name) } + [.int(rows), .int(pieces), .int(channels)]
        ))
    ])
  }
}

/// y = the maximum of each channel's pieces, and "winners", the number of the piece that it is.
///
/// Of equal maxima the first wins. A NaN is larger than every number; of several the last wins.
package enum MaxoutForward: TunableOperation {
  package typealias Problem = MaxoutProblem
  package typealias Configuration = PixelTiling

  package static var name: String { "maxout_forward" }

  package static var exampleProblems: [Problem] {
    Problem.examples + [Problem(rows: 9, pieces: 3, channels: 16, withWinners: false)]
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("x", .input, count: problem.inCount),
      TensorArgument("y", .output, count: problem.outCount),
    ]
      + (problem.withWinners
        ? [TensorArgument("winners", .output, count: problem.outCount, element: .uchar)] : [])
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    PixelTiling.candidates(channels: problem.channels, divisor: problem.channels, on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    problem.launch(name, configuration, tensors(problem))
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(
      flops: Double(problem.inCount),
      bytes: Double(4 * problem.inCount + (problem.withWinners ? 5 : 4) * problem.outCount))
  }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let x = inputs[0]
    @Sendable func largest(_ y: Int) -> (value: Double, piece: Int) {
      let (row, channel) = y.quotientAndRemainder(dividingBy: problem.channels)
      var best = (value: -Double.infinity, piece: 0)
      for piece in 0..<problem.pieces {
        let value = x[(row * problem.pieces + piece) * problem.channels + channel]
        if value > best.value || value.isNaN { best = (value, piece) }
      }
      return best
    }
    let extents = [problem.rows, problem.channels]
    let y = ReferenceOutput(extents, terms: problem.pieces) { (largest($0).value, 0) }
    guard problem.withWinners else { return [y] }
    return [
      y, ReferenceOutput(extents, terms: problem.pieces) { (Double(largest($0).piece), 0) },
    ]
  }
}

/// dx = dy where a piece won, else 0.
package enum MaxoutBackward: TunableOperation {
  package typealias Problem = MaxoutProblem
  package typealias Configuration = PixelTiling

  package static var name: String { "maxout_backward" }

  package static var exampleProblems: [Problem] { Problem.examples }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("dy", .input, count: problem.outCount),
      TensorArgument("winners", .input, count: problem.outCount, element: .uchar),
      TensorArgument("dx", .output, count: problem.inCount),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    PixelTiling.candidates(channels: problem.channels, divisor: problem.channels, on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    problem.launch(name, configuration, tensors(problem))
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(flops: Double(problem.inCount), bytes: Double(4 * problem.inCount + 5 * problem.outCount))
  }

  package static func exampleInput(
    _ problem: Problem, _ tensor: TensorArgument, kind: ExampleKind,
    generator: inout ExampleGenerator
  ) -> [Double] {
    guard tensor.name == "winners" else {
      return generator.values(count: tensor.count, kind: kind)
    }
    return (0..<tensor.count).map { _ in
      Double(Int.random(in: 0..<problem.pieces, using: &generator))
    }
  }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let (dy, winners) = (inputs[0], inputs[1])
    return [
      ReferenceOutput([problem.rows, problem.pieces, problem.channels]) { x in
        let (row, rest) = x.quotientAndRemainder(dividingBy: problem.pieces * problem.channels)
        let (piece, channel) = rest.quotientAndRemainder(dividingBy: problem.channels)
        let y = row * problem.channels + channel
        return (winners[y] == Double(piece) ? dy[y] : 0, 0)
      }
    ]
  }
}
