import Autotuner
import DeviceRuntime

/// The sizes of a global average pool: x is [batch, pixels, channels], y [batch, channels].
package struct GlobalAveragePoolProblem: Hashable, Codable, Sendable, CustomStringConvertible {
  package var batch: Int
  package var pixels: Int
  package var channels: Int

  package init(batch: Int, pixels: Int, channels: Int) {
    precondition(batch > 0 && pixels > 0 && channels > 0, "an empty pool")
    self.batch = batch
    self.pixels = pixels
    self.channels = channels
  }

  package var description: String { "\(batch)x\(pixels)x\(channels)" }

  var inputCount: Int { batch * pixels * channels }
  var outputCount: Int { batch * channels }

  static var examples: [GlobalAveragePoolProblem] {
    [
      (1, 1, 1), (3, 49, 3), (2, 5, 7), (5, 49, 16), (3, 64, 5), (9, 64, 64), (2, 64, 160),
      (33, 9, 32), (4, 4, 320),
    ].map { GlobalAveragePoolProblem(batch: $0.0, pixels: $0.1, channels: $0.2) }
  }
}

/// How a global average pool is computed, in both directions.
package struct GlobalAveragePoolConfiguration: Hashable, Codable, Sendable,
  CustomStringConvertible
{
  /// Channels in a vector: 1, 4 or 16; divides the channels.
  package var vec: Int
  /// Vectors of channels a work-item takes; `vec * itemN` divides the channels.
  package var itemN: Int
  /// Work-items in a group, along the channels; 1 on a CPU.
  package var wgX: Int
  /// Images a work-item takes.
  package var tileM: Int

  package var description: String { "v\(vec)_in\(itemN)_wg\(wgX)_tm\(tileM)" }

  static func candidates(
    for problem: GlobalAveragePoolProblem, on device: DeviceInfo
  ) -> [GlobalAveragePoolConfiguration] {
    let channels = problem.channels
    let wide = [16, 4, 1].first { channels.isMultiple(of: $0) } ?? 1
    // A whole pixel at once reads memory in one piece; 4 vectors of 16 stay in registers.
    let cpu = [40, 4, 1].map { limit in
      let itemN = largestDivisor(of: channels / wide, atMost: limit)
      // A launched group should have some 16k elements to pay for itself.
      let tileM = max(1, 16_384 / (problem.pixels * wide * itemN))
      return GlobalAveragePoolConfiguration(vec: wide, itemN: itemN, wgX: 1, tileM: tileM)
    }
    let gpuVector = wide == 1 ? 1 : 4
    let gpu = [
      GlobalAveragePoolConfiguration(vec: 1, itemN: 1, wgX: min(64, device.maxWorkGroup), tileM: 1),
      GlobalAveragePoolConfiguration(
        vec: gpuVector, itemN: 1, wgX: min(64, device.maxWorkGroup), tileM: 1),
    ]
    return unique(device.kind == .gpu ? gpu + cpu : cpu + gpu)
  }

  func launch(
    _ problem: GlobalAveragePoolProblem, entryPoint: String, tensors: [TensorArgument]
  ) -> OperationPlan {
    OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "pool/global_average_pool.cl", entryPoint: entryPoint,
          macros: [
            Macro("VEC", vec), Macro("ITEM_N", itemN), Macro("WG_X", wgX), Macro("TILE_M", tileM),
          ],
          range: NDRange(
            groups: NDRange.Size(
              ceilDivide(problem.channels, vec * itemN * wgX), ceilDivide(problem.batch, tileM)),
            local: NDRange.Size(wgX)),
          arguments: tensors.map { .buffer($0.name) } + [
            .int(problem.batch), .int(problem.pixels), .int(problem.channels),
          ]))
    ])
  }
}

/// y[n, c] = mean over the pixels of x[n, p, c].
package enum GlobalAveragePoolForward: TunableOperation {
  package typealias Problem = GlobalAveragePoolProblem
  package typealias Configuration = GlobalAveragePoolConfiguration

  package static var name: String { "global_average_pool_forward" }

  package static var exampleProblems: [Problem] { Problem.examples }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("x", .input, count: problem.inputCount),
      TensorArgument("y", .output, count: problem.outputCount),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    Configuration.candidates(for: problem, on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    configuration.launch(problem, entryPoint: name, tensors: tensors(problem))
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(
      flops: Double(problem.inputCount),
      bytes: 4 * Double(problem.inputCount + problem.outputCount))
  }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let x = inputs[0]
    let pixels = Double(problem.pixels)
    let growth = 4 * (pixels.squareRoot() + 1) * roundoff
    return [
      ReferenceOutput(
        [problem.batch, problem.channels], exactOnIntegers: false, terms: problem.pixels
      ) { index in
        let (image, channel) = index.quotientAndRemainder(dividingBy: problem.channels)
        var element: ReferenceOutput.Element = (0, 0)
        for pixel in 0..<problem.pixels {
          let value = x[(image * problem.pixels + pixel) * problem.channels + channel] / pixels
          element.value += value
          element.tolerance += growth * abs(value)
        }
        return element
      }
    ]
  }
}

/// dx[n, p, c] = dy[n, c] / pixels.
package enum GlobalAveragePoolBackward: TunableOperation {
  package typealias Problem = GlobalAveragePoolProblem
  package typealias Configuration = GlobalAveragePoolConfiguration

  package static var name: String { "global_average_pool_backward" }

  package static var exampleProblems: [Problem] { Problem.examples }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("dy", .input, count: problem.outputCount),
      TensorArgument("dx", .output, count: problem.inputCount),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    Configuration.candidates(for: problem, on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    configuration.launch(problem, entryPoint: name, tensors: tensors(problem))
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(
      flops: Double(problem.outputCount),
      bytes: 4 * Double(problem.inputCount + problem.outputCount))
  }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let dy = inputs[0]
    return [
      ReferenceOutput(
        [problem.batch, problem.pixels, problem.channels], exactOnIntegers: false
      ) { index in
        let image = index / (problem.pixels * problem.channels)
        let value = dy[image * problem.channels + index % problem.channels] / Double(problem.pixels)
        return (value, 8 * roundoff * abs(value))
      }
    ]
  }
}
