import Autotuner
import DeviceRuntime
import Foundation
import TestSupport

/// y = x * x on a kernel of the test's own, with candidates that are wrong on purpose.
enum SquareOperation: TunableOperation {
  struct Problem: Hashable, Codable, Sendable, CustomStringConvertible {
    var count: Int
    var description: String { "\(count)" }
  }

  enum Configuration: String, Hashable, Codable, Sendable, CustomStringConvertible {
    case plain, twice, inexact, wrongValue, pastTheEnd, wrongAtFullSize, changesInput, noBuild
    case noSuchKernel
    case hopeless

    var description: String { "square_\(rawValue)" }
  }

  /// The candidates there are, for one test after the other.
  @TaskLocal static var offered: [Configuration] = [.plain, .twice]

  static let source = """
    __kernel void square(const __global float* x, const int count, __global float* y) {
      const int i = (int)get_global_id(0);
    #if VARIANT == 1
      for (int k = 0; k < 20; k++) y[i] = x[i] * x[i] + (float)(k - 19) * 1e-3f;
    #elif VARIANT == 2
      y[i] = x[i] * x[i] * 1.0001f;
    #elif VARIANT == 3
      y[i] = x[i] * x[i] + (i == 5 ? 0.5f : 0.0f);
    #elif VARIANT == 4
      y[i] = x[i] * x[i];
      if (i == count - 1) y[count + 3] = 0.0f;
    #elif VARIANT == 5
      y[i] = i < 1000 ? x[i] * x[i] : x[i];
    #elif VARIANT == 6
      y[i] = x[i] * x[i];
      if (i == 0) ((__global float*)x)[1] = 7.0f;
    #elif VARIANT == 7
      this does not build
    #elif VARIANT == 9
      volatile float sum = 0.0f;
      for (int k = 0; k < 100000; k++) sum += 1.0f;
      y[i] = sum < 0.0f ? 0.0f : x[i] * x[i];
    #else
      y[i] = x[i] * x[i];
    #endif
    }
    """

  static var name: String { "square" }
  static var exampleProblems: [Problem] { [Problem(count: 10)] }

  static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("x", .input, count: problem.count),
      TensorArgument("y", .output, count: problem.count),
    ]
  }

  static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    offered
  }

  static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    let variants: [Configuration: Int] = [
      .twice: 1, .inexact: 2, .wrongValue: 3, .pastTheEnd: 4, .wrongAtFullSize: 5,
      .changesInput: 6, .noBuild: 7, .hopeless: 9,
    ]
    return OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "square.cl",
          entryPoint: configuration == .noSuchKernel ? "cube" : "square",
          macros: [Macro("VARIANT", variants[configuration] ?? 0)],
          range: NDRange(groups: NDRange.Size(problem.count)),
          arguments: [.buffer("x"), .int(problem.count), .buffer("y")]))
    ])
  }

  static func cost(_ problem: Problem) -> Cost {
    Cost(flops: Double(problem.count), bytes: 8 * Double(problem.count))
  }

  static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let x = inputs[0]
    return [ReferenceOutput([problem.count]) { (x[$0] * x[$0], 1e-3) }]
  }

  static func checkProblem(for problem: Problem) -> Problem {
    Problem(count: min(problem.count, 100))
  }

  static func distance(_ problem: Problem, _ other: Problem) -> Double? {
    abs(log2(Double(problem.count) / Double(other.count)))
  }

  static func isExact(_ configuration: Configuration) -> Bool { configuration != .inexact }
}

/// A queue on the tests' device whose kernels are `SquareOperation`'s.
struct SquareDevice {
  let folder: ScratchFolder
  let queue: Queue

  init() throws {
    let test = try TestDevice()
    folder = try ScratchFolder()
    try folder.write(SquareOperation.source, to: "square.cl")
    queue = try test.manager.makeContext(
      on: test.context.device,
      kernels: KernelLibrary(directory: URL(fileURLWithPath: folder.path))
    ).makeQueue()
  }
}
