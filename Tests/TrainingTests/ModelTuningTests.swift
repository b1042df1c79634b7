import Autotuner
import DeviceRuntime
import Graph
import Models
import Testing
import Training

/// What is tuned for a model.
struct ModelTuningTests {
  @Test("a normalisation in front of a convolution is tuned where the choice does not fuse it")
  func nestedOperations() throws {
    let network = try ModelName(parsing: "wrn-10-1").model().network(
      image: ImageShape(height: 8, width: 8, channels: 1), classes: 4)
    let tuning = ModelTuning(network: network, batch: 2)
    for kind in [DeviceKind.cpu, .gpu] {
      var device = DeviceInfo.planning
      device.kind = kind
      // Only Winograd's kernels fuse it.
      let instances = tuning.instances(
        on: device, choosing: TunedChooser([], algorithms: .direct))
      let normalizing = instances.indices.filter {
        instances[$0].name == "conv2d_forward" && instances[$0].problemText.contains("bn-relu")
      }
      #expect(!normalizing.isEmpty)
      for index in normalizing {
        try #require(index + 1 < instances.count)
        #expect(instances[index + 1].name == "batchnorm_relu_forward")
        #expect(instances[index + 1].tensors.first == instances[index].tensors.first)
      }
    }
  }

  /// The kernels that multiply have so many groups that the cores end at about the same time.
  @Test(
    "the defaults of a processor with 64 cores keep nearly all of them busy",
    arguments: [(16, 32, 1 << 20), (8, 16, 512 << 10)], [32, 128])
  func groups(core: (width: Int, registers: Int, cache: Int), batch: Int) throws {
    var device = DeviceInfo.planning
    (device.nativeFloatWidth, device.vectorRegisters) = (core.width, core.registers)
    (device.level2Cache, device.localMemory) = (core.cache, core.cache)
    device.computeUnits = 64
    for name in ["wrn-16-4", "wrn-28-10"] {
      let network = try ModelName(parsing: name).model().network(
        image: ImageShape(height: 32, width: 32, channels: 3), classes: 10)
      let instances = ModelTuning(network: network, batch: batch).instances(
        on: device, choosing: DefaultChooser())
      for instance in instances where instance.name.hasPrefix("conv2d") {
        let idle = try instance.accept(IdleCores(device: device))
        #expect(idle.isEmpty, "\(name), \(instance.problemText): \(idle)")
      }
    }
  }
}

/// The multiplying kernels of an operation's default in which cores wait for two fifths of the time.
private struct IdleCores: OperationVisitor {
  typealias Output = [String]

  let device: DeviceInfo

  func visit<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem
  ) -> [String] {
    let configuration = DefaultChooser().configuration(for: operation, problem, on: device)
    return Operation.plan(problem, configuration).launches.compactMap { launch in
      guard case .kernel(let kernel) = launch,
        ["fused", "product", "tile"].contains(where: kernel.entryPoint.contains)
      else { return nil }
      let groups = kernel.range.global.product / kernel.range.local.product
      let rounds = (groups + device.computeUnits - 1) / device.computeUnits
      let busy = Double(groups) / Double(rounds * device.computeUnits)
      return busy < 0.6 ? "\(configuration): \(kernel.entryPoint) has \(groups) groups" : nil
    }
  }
}
