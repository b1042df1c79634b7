import Autotuner
import DeviceRuntime

/// y = x after many times x = scale · x + offset: what a device computes when it waits for nothing.
package enum PeakMultiplyAdd: TunableOperation {
  package struct Problem: Hashable, Codable, Sendable, CustomStringConvertible {
    package var count: Int
    package var iterations: Int

    package init(count: Int, iterations: Int) {
      precondition(count > 0 && iterations >= 0, "\(iterations) multiply-adds of \(count)")
      self.count = count
      self.iterations = iterations
    }

    package var description: String { "\(count) x\(iterations)" }
  }

  package struct Configuration: Hashable, Codable, Sendable, CustomStringConvertible {
    /// Elements of a chain: 16 on a CPU, 1 or 4 on a GPU.
    package var vec: Int
    /// Chains of a work-item.
    package var unroll: Int
    /// Work-items in a group: 1 on a CPU, 64...256 on a GPU.
    package var wgX: Int

    package var description: String { "v\(vec)_u\(unroll)_wg\(wgX)" }
  }

  // With these every chain stays between its start and 2, and the results of a few iterations
  // on small integers are exact.
  private static let scale: Float = 0.5
  private static let offset: Float = 1

  package static var name: String { "peak_multiply_add" }

  package static var exampleProblems: [Problem] {
    [(1, 3), (255, 4), (256, 0), (1000, 7), (3841, 12)].map {
      Problem(count: $0, iterations: $1)
    }
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("x", .input, count: problem.count),
      TensorArgument("y", .output, count: problem.count),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    // Two pipes of four cycles need 8 chains at least; a CPU has 32 or 16 vector registers.
    let cpu = [16, 20, 24].map { Configuration(vec: 16, unroll: $0, wgX: 1) }
    let gpu = [
      Configuration(vec: 4, unroll: 4, wgX: min(256, device.maxWorkGroup)),
      Configuration(vec: 1, unroll: 16, wgX: min(256, device.maxWorkGroup)),
      Configuration(vec: 1, unroll: 8, wgX: min(64, device.maxWorkGroup)),
    ]
    // Of 8 lanes, for CPUs whose registers hold no more: 16 lanes would not stay in them.
    let narrow = [Configuration(vec: 8, unroll: 12, wgX: 1)]
    return device.kind == .gpu ? gpu + cpu + narrow : cpu + narrow + gpu
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    let items = ceilDivide(problem.count, configuration.vec * configuration.unroll)
    return OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "peak/peak_multiply_add.cl", entryPoint: "peak_multiply_add",
          macros: [
            Macro("VEC", configuration.vec), Macro("UNROLL", configuration.unroll),
            Macro("WG_X", configuration.wgX),
          ],
          range: NDRange(
            groups: NDRange.Size(ceilDivide(items, configuration.wgX)),
            local: NDRange.Size(configuration.wgX)),
          arguments: [
            .buffer("x"), .buffer("y"), .int(problem.count), .int(problem.iterations),
            .float(scale), .float(offset),
          ]))
    ])
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(
      flops: 2 * Double(problem.count) * Double(problem.iterations),
      bytes: 8 * Double(problem.count))
  }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let x = inputs[0]
    return [
      ReferenceOutput([problem.count], terms: problem.iterations) {
        var value = x[$0]
        for _ in 0..<problem.iterations { value = Double(scale) * value + Double(offset) }
        // Each iteration halves the errors before it; values are at most 4.
        return (value, 2 * 4 * roundoff)
      }
    ]
  }
}
