import Autotuner
import DeviceRuntime
import Foundation
import Operators

let arguments = CommandLine.arguments.dropFirst()
// Lists the kernels that a GPU would get: widecl-benchmarks programs|all-programs MODEL...
if let command = arguments.first, ["programs", "all-programs"].contains(command) {
  try Programs.print(
    models: Array(arguments.dropFirst()), allConfigurations: command == "all-programs")
  exit(0)
}
HostProcessor.keepPoclThreadsApart()
let manager = try DeviceManager()
let context = try manager.makeContext(
  on: try manager.device(matching: ProcessInfo.processInfo.environment["WIDECL_DEVICE"]),
  kernels: KernelLibrary(
    directory: ProcessInfo.processInfo.environment["WIDECL_KERNELS"].map {
      URL(fileURLWithPath: $0)
    }))
if arguments.first == "long-run" {
  exit(try longRun(Array(arguments.dropFirst()), on: context))
}
// Records what the tuner chooses from: widecl-benchmarks spaces MODEL BATCH [CANDIDATES]
if arguments.first == "spaces" {
  let words = arguments.dropFirst()
  let numbers = words.dropFirst().compactMap { Int($0) }
  guard let model = words.first, let batch = numbers.first else {
    print("usage: widecl-benchmarks spaces MODEL BATCH [CANDIDATES]")
    exit(64)
  }
  try Spaces(queue: context.makeQueue(), limit: numbers.count > 1 ? numbers[1] : .max)
    .print(model: model, batch: batch)
  exit(0)
}

// Prints, for the convolutions of a Wide ResNet, each candidate's time and GFLOP/s.
// Usage: widecl-benchmarks PASS CHANNELS SIZE BATCH [IN_CHANNELS [KERNEL [STRIDE]]]
let numbers = arguments.dropFirst().compactMap { Int($0) }
guard let pass = arguments.first, numbers.count >= 3 else {
  print("usage: widecl-benchmarks PASS CHANNELS SIZE BATCH [IN_CHANNELS [KERNEL [STRIDE]]]")
  exit(64)
}
let shape = Conv2DShape(
  batch: numbers[2], inHeight: numbers[1], inWidth: numbers[1],
  inChannels: numbers.count > 3 ? numbers[3] : numbers[0], outChannels: numbers[0],
  kernel: numbers.count > 4 ? numbers[4] : 3, stride: numbers.count > 5 ? numbers[5] : 1)
let filter = ProcessInfo.processInfo.environment["ONLY"] ?? "tile"
let queue = try context.makeQueue()

@MainActor func run<Operation: TunableOperation>(
  _ operation: Operation.Type, _ problem: Operation.Problem
)
  throws
{
  let timer = KernelTimer(context: context, queue: queue)
  for configuration in Operation.candidates(for: problem, on: context.info)
  where configuration.description.hasPrefix(filter) {
    let times = try timer.seconds(operation, problem, configuration, runs: 9).sorted()
    let median = times[times.count / 2]
    let parts = try timer.profile(operation, problem, configuration).map {
      "\($0.kernel) " + String(format: "%.2f", $0.seconds * 1e3)
    }
    print(
      "\(Operation.name) [\(problem)] \(configuration): "
        + String(
          format: "%.2f ms, fastest %.2f  %.0f GFLOP/s  ", median * 1e3, times[0] * 1e3,
          Operation.cost(problem).flops / median / 1e9) + parts.joined(separator: ", "))
  }
}

switch pass {
case "forward": try run(Conv2DForward.self, Conv2DForward.Problem(shape: shape))
case "data": try run(Conv2DBackwardData.self, Conv2DBackwardData.Problem(shape: shape))
default: try run(Conv2DBackwardFilter.self, Conv2DBackwardFilter.Problem(shape: shape))
}
