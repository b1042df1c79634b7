import Autotuner
import DeviceRuntime

/// y = x / (1 - rate) where the mask keeps an element, else 0; the same on gradients.
///
/// The scalars "seedLow", "seedHigh", "step" and "layer" choose the mask.
package enum Dropout: TunableOperation {
  package struct Problem: Hashable, Codable, Sendable, CustomStringConvertible {
    package var count: Int
    /// The probability of dropping an element, in 0..<1.
    package var rate: Float

    package init(count: Int, rate: Float) {
      precondition(count > 0 && rate >= 0 && rate < 1, "dropout of \(count) at rate \(rate)")
      self.count = count
      self.rate = rate
    }

    package var description: String { "\(count) p\(rate)" }
  }

  package struct Configuration: Hashable, Codable, Sendable, CustomStringConvertible {
    /// Elements a work-item takes at once: 1, 4 or 32.
    package var vec: Int
    /// Runs of `vec` elements a work-item takes.
    package var itemN: Int
    /// Work-items in a group: 1 on a CPU, 64...256 on a GPU.
    package var wgX: Int

    package var description: String { "v\(vec)_in\(itemN)_wg\(wgX)" }
  }

  package static var name: String { "dropout" }

  package static var exampleProblems: [Problem] {
    [1, 3, 31, 32, 33, 1000, 4096, 20_003].map { Problem(count: $0, rate: 0.3) }
      + [Problem(count: 4096, rate: 0), Problem(count: 4096, rate: 0.5)]
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("x", .input, count: problem.count),
      TensorArgument("y", .output, count: problem.count),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    let cpu = [512, 64].map { Configuration(vec: 32, itemN: $0, wgX: 1) }
    let gpu = [
      Configuration(vec: 4, itemN: 1, wgX: min(256, device.maxWorkGroup)),
      Configuration(vec: 4, itemN: 4, wgX: min(64, device.maxWorkGroup)),
      Configuration(vec: 1, itemN: 1, wgX: min(64, device.maxWorkGroup)),
    ]
    return device.kind == .gpu ? gpu + cpu : cpu + gpu
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    let items = ceilDivide(problem.count, configuration.vec * configuration.itemN)
    return OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "dropout/dropout.cl", entryPoint: "dropout",
          macros: [
            Macro("VEC", configuration.vec), Macro("ITEM_N", configuration.itemN),
            Macro("WG_X", configuration.wgX),
          ],
          range: NDRange(
            groups: NDRange.Size(ceilDivide(items, configuration.wgX)),
            local: NDRange.Size(configuration.wgX)),
          arguments: [.buffer("x"), .buffer("y"), .int(problem.count)]
            + DropoutMask.arguments(rate: problem.rate)))
    ])
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(flops: Double(problem.count), bytes: 8 * Double(problem.count))
  }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let x = inputs[0]
    let mask = DropoutMask(rate: problem.rate, scalars)
    return [
      ReferenceOutput(
        [problem.count], exactOnIntegers: problem.rate == 0 || problem.rate == 0.5, terms: 8
      ) {
        let value = x[$0] * mask.factor($0)
        return (value, roundoff * abs(value))
      }
    ]
  }

  package static func exampleScalars(_ problem: Problem) -> [DynamicScalars] {
    [DropoutMask.example(rate: problem.rate).scalars]
  }
}
