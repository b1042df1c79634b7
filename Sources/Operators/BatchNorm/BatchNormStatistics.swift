import Autotuner
import DeviceRuntime

/// The mean and inverse deviation of each channel of x: [rows, channels], and the running ones.
///
/// The variance is biased for normalising and unbiased in the running one.
package enum BatchNormStatistics: TunableOperation {
  package struct Problem: Hashable, Codable, Sendable, CustomStringConvertible {
    package var rows: Int
    package var channels: Int
    /// The weight of this batch in the running mean and variance.
    package var momentum: Float
    package var epsilon: Float

    package init(rows: Int, channels: Int, momentum: Float = 0.1, epsilon: Float = 1e-5) {
      precondition(rows > 0 && channels > 0, "statistics of \(rows)x\(channels)")
      self.rows = rows
      self.channels = channels
      self.momentum = momentum
      self.epsilon = epsilon
    }

    package var description: String { "\(rows)x\(channels)" }
  }

  package typealias Configuration = BatchNormTiling

  package static var name: String { "batchnorm_statistics" }

  package static var exampleProblems: [Problem] {
    BatchNormTiling.exampleSizes.map { Problem(rows: $0.0, channels: $0.1) }
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("x", .input, count: problem.rows * problem.channels),
      TensorArgument("runningMean", .inputOutput, count: problem.channels),
      TensorArgument("runningVariance", .inputOutput, count: problem.channels),
      TensorArgument("mean", .output, count: problem.channels),
      TensorArgument("inverseDeviation", .output, count: problem.channels),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    BatchNormTiling.candidates(rows: problem.rows, channels: problem.channels, on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    // Rows between two joins: on a CPU they stay in the first cache, on a GPU in registers.
    let itemM = configuration.wgY == 1 ? 32 : 4
    let macros = configuration.macros + [Macro("ITEM_M", itemM)]
    let partial = configuration.chunks(problem.rows) * problem.channels
    let sizes: [OperationPlan.Argument] = [.int(problem.rows), .int(problem.channels)]
    return OperationPlan(
      scratch: [
        OperationPlan.Scratch("chunkMeans", count: partial),
        OperationPlan.Scratch("chunkSquares", count: partial),
      ],
      launches: [
        .kernel(
          OperationPlan.KernelLaunch(
            source: "batchnorm/batchnorm_statistics.cl", entryPoint: "batchnorm_statistics_chunks",
            macros: macros,
            range: configuration.tiles(rows: problem.rows, channels: problem.channels),
            arguments: [.buffer("x"), .buffer("chunkMeans"), .buffer("chunkSquares")] + sizes)),
        .kernel(
          OperationPlan.KernelLaunch(
            source: "batchnorm/batchnorm_statistics.cl", entryPoint: "batchnorm_statistics_finish",
            macros: macros, range: configuration.joins(channels: problem.channels),
            arguments: [
              .buffer("x"), .buffer("chunkMeans"), .buffer("chunkSquares"),
              .buffer("runningMean"), .buffer("runningVariance"), .buffer("mean"),
              .buffer("inverseDeviation"),
            ] + sizes + [.float(problem.momentum), .float(problem.epsilon)])),
      ])
  }

  package static func cost(_ problem: Problem) -> Cost {
    let count = Double(problem.rows * problem.channels)
    return Cost(flops: 6 * count, bytes: 4 * (count + 6 * Double(problem.channels)))
  }
}
