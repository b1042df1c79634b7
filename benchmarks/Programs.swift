import Autotuner
import DeviceRuntime
import Foundation
import Graph
import Models
import Operators
import Training

/// The kernels that a GPU would get, listed without one, for the compilers of `gpucheck/`.
enum Programs {
  /// One kernel as it is built, a JSON line each.
  private struct Program: Encodable {
    var operation: String
    var problem: String
    var configuration: String
    /// Whether the operation uses it until it is tuned.
    var isDefault: Bool
    var source: String
    var entryPoint: String
    /// As the OpenCL compiler takes them.
    var options: [String]
    var workGroup: [Int]
  }

  /// A GPU that has no more than the OpenCL standard's usual minimum.
  private static let device: DeviceInfo = {
    var device = DeviceInfo.planning
    device.kind = .gpu
    device.globalMemory = 4 << 30
    device.maxAllocation = 1 << 30
    device.localMemory = 32 << 10
    device.hasDedicatedLocalMemory = true
    device.maxWorkGroup = 256
    return device
  }()

  /// Prints what training and evaluating these models at batch 128 needs: of every operation and
  /// problem the default and, where asked for, the other configurations made for GPUs.
  static func print(models: [String], allConfigurations: Bool) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var seen: Set<[String]> = []
    for name in models {
      let network = try ModelName(parsing: name).model().network(
        image: ImageShape(height: 32, width: 32, channels: 3), classes: 10)
      for instance in ModelTuning(network: network, batch: 128).instances(
        on: device, choosing: DefaultChooser())
      {
        for choice in try instance.accept(Choices(device: device, all: allConfigurations)) {
          for case .kernel(let kernel) in choice.plan.launches {
            let options = kernel.macros.map { "-D\($0.name)=\($0.value)" }
            guard seen.insert([kernel.source] + options).inserted else { continue }
            let local = kernel.range.local
            let program = Program(
              operation: instance.name, problem: instance.problemText,
              configuration: choice.configuration, isDefault: choice.isDefault,
              source: kernel.source, entryPoint: kernel.entryPoint, options: options,
              workGroup: [local.x, local.y, local.z])
            Swift.print(String(decoding: try encoder.encode(program), as: UTF8.self))
          }
        }
      }
    }
  }

  /// The default and, where asked for, each other configuration whose work-groups are a GPU's.
  private struct Choices: OperationVisitor {
    typealias Output = [(plan: OperationPlan, configuration: String, isDefault: Bool)]

    var device: DeviceInfo
    var all: Bool

    func visit<Operation: TunableOperation>(
      _ operation: Operation.Type, _ problem: Operation.Problem
    ) throws -> Output {
      Operation.candidates(for: problem, on: device).enumerated().compactMap { index, candidate in
        let plan = Operation.plan(problem, candidate)
          .expanded(choosing: DefaultChooser(), on: device)
        let isForGPU = plan.launches.allSatisfy {
          if case .kernel(let kernel) = $0 { kernel.range.local.product > 1 } else { true }
        }
        guard index == 0 || (all && isForGPU) else { return nil }
        return (plan, candidate.description, index == 0)
      }
    }
  }
}
