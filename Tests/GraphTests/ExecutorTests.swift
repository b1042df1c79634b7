import Autotuner
import CreatedBuffers
import DeviceRuntime
import Operators
import TestSupport
import Testing

@testable import Graph

@Suite(.serialized)
struct ExecutorTests {
  /// Products by CLBlast for every layer that can have them, some of them in batches.
  private struct Products: ConfigurationChooser {
    /// CLBlast copies matrices into whole tiles of these, however small they are.
    static let parameters = BLAS.Parameters.padded(
      BLAS.Parameters.Padded(
        tileM: 16, tileN: 8, tileK: 4, wgM: 2, wgN: 1, vecM: 8, vecN: 4, usesLocal: false))

    func configuration<Operation: TunableOperation>(
      for operation: Operation.Type, _ problem: Operation.Problem, on device: DeviceInfo
    ) -> Operation.Configuration {
      let candidates = Operation.candidates(for: problem, on: device)
      let (forward, gradient) = (
        (problem as? Conv2DForward.Problem)?.shape,
        (problem as? Conv2DBackwardFilter.Problem)?.shape
      )
      let wanted: Any? =
        switch operation {
        case is MatrixProduct.Type: Self.parameters
        case is Conv2DForward.Type:
          forward.flatMap(winograd).map { Conv2DConfiguration.winograd($0) }
        case is Conv2DBackwardFilter.Type:
          gradient.flatMap(winograd).map { Conv2DBackwardFilter.Configuration.winograd($0) }
        default: nil
        }
      return wanted as? Operation.Configuration ?? candidates.first(where: isProduct)
        ?? candidates[0]
    }

    private func winograd(_ shape: Conv2DShape) -> WinogradTiling? {
      guard shape.kernel == 3, shape.stride == 1, shape.inChannels.isMultiple(of: 4) else {
        return nil
      }
      return WinogradTiling(
        outTile: 2, images: shape.batch / 2, itemM: 1, itemN: 1, vec: 4, workGroup: 32,
        product: .blas)
    }

    private func isProduct(_ configuration: any CustomStringConvertible) -> Bool {
      ["im2col", "product"].contains { configuration.description.hasPrefix($0) }
    }
  }

  @Test("a step creates no buffer, neither here nor in a library", arguments: [false, true])
  func stepsAllocateNothing(withProducts: Bool) throws {
    let device = try TestDevice()
    let run = try NetworkRun(
      TinyNetworks.wideResNet(dropout: 0.3), optimizer: NetworkRun.optimizer,
      context: device.context, chooser: withProducts ? Products() : DefaultChooser())
    let copies = run.executor.memory.scratch.count { $0.keys.contains("CLBlast's copies") }
    // Of 9 convolutions and a linear layer each pass, but the gradient to the images.
    #expect(copies == (withProducts ? 28 : 0))
    let bytes = device.context.allocatedBytes
    let handles = device.manager.ledger.alive
    let created = created_buffers()
    device.context.resetPeakBytes()
    for number in 0..<(withProducts ? 3 : 50) {
      try run.step(number)
      #expect(device.manager.ledger.alive == handles)
    }
    try run.store.queue.finish()
    #expect(device.manager.ledger.alive == handles)
    #expect(device.context.allocatedBytes == bytes && device.context.peakBytes == bytes)
    #expect(created_buffers() == created)
  }

  @Test func memoryForProductsIsPlannedBeforeTheStep() throws {
    let context = try TestDevice().context
    let run = try NetworkRun(
      TinyNetworks.wideResNet(), optimizer: NetworkRun.optimizer, context: context,
      chooser: Products())
    let task = TrainingMemory.Task(
      network: run.network, batches: [TinyNetworks.batch], evaluationBatch: 0)
    let planned = try TrainingMemory.fitting(task, on: context, chooser: Products())
    #expect(planned.arenas == run.executor.memory.arenaBytes)
    let withoutDevice = try TrainingMemory(
      task, microBatch: TinyNetworks.batch, on: context.info, chooser: Products())
    #expect(withoutDevice.arenaBytes < planned.arenaBytes)
  }

  @Test func productsComputeTheSameSteps() throws {
    let plain = try NetworkRun(TinyNetworks.wideResNet(), optimizer: NetworkRun.optimizer)
    let products = try NetworkRun(
      TinyNetworks.wideResNet(), optimizer: NetworkRun.optimizer, chooser: Products())
    for number in 0..<2 {
      try plain.step(number)
      try products.step(number)
    }
    let logits = zip(try plain.executor.read("logits"), try products.executor.read("logits"))
    #expect(logits.allSatisfy { abs($0 - $1) < 1e-3 }, "\(logits.map { $0 - $1 })")
  }

  @Test func nothingOfOpenCLOutlivesAnExecutor() throws {
    let manager: DeviceManager
    do {
      let device = try TestDevice()
      manager = device.manager
      let run = try NetworkRun(TinyNetworks.withoutNormalization(), context: device.context)
      try run.step()
      withExtendedLifetime(run) { #expect(manager.ledger.alive["buffer"] ?? 0 > 0) }
    }
    #expect(manager.ledger.alive.isEmpty, "\(manager.ledger.alive)")
  }

  @Test func sameStepsGiveTheSameBits() throws {
    let first = try NetworkRun(TinyNetworks.wideResNet(), optimizer: NetworkRun.optimizer)
    let second = try NetworkRun(TinyNetworks.wideResNet(), optimizer: NetworkRun.optimizer)
    for number in 0..<3 {
      try first.step(number)
      try second.step(number)
    }
    for kind in ParameterStore.Kind.allCases {
      let (a, b) = (try first.store.read(kind), try second.store.read(kind))
      #expect(a.map(\.values) == b.map(\.values))
    }
    #expect(try first.executor.read("logits") == second.executor.read("logits"))
  }

  /// Chooses CLBlast for the linear layers, with parameters that it cannot have.
  private struct ImpossibleProducts: ConfigurationChooser {
    static let parameters = BLAS.Parameters.direct(
      BLAS.Parameters.Direct(tile: 30, wgM: 8, wgN: 8, vecM: 1, vecN: 1))

    func configuration<Operation: TunableOperation>(
      for operation: Operation.Type, _ problem: Operation.Problem, on device: DeviceInfo
    ) -> Operation.Configuration {
      if let parameters = Self.parameters as? Operation.Configuration { return parameters }
      let candidates = Operation.candidates(for: problem, on: device)
      return candidates.first { ($0 as? LinearConfiguration)?.algorithm == .product }
        ?? candidates[0]
    }
  }

  @Test func productsTakeTheChoosersParameters() throws {
    let error = #expect(throws: CLError.self) {
      try NetworkRun(TinyNetworks.wideResNet(), mode: .evaluation, chooser: ImpossibleProducts())
    }
    #expect(error?.function == "CLBlast's parameters \(ImpossibleProducts.parameters)")
  }

  @Test func paddingBetweenTensorsStaysZero() throws {
    let run = try NetworkRun(TinyNetworks.wideResNet(), optimizer: NetworkRun.optimizer)
    for number in 0..<5 { try run.step(number) }
    let store = run.store
    let step = store.context.info.baseAlignment / MemoryLayout<Float>.stride
    try #require(step > 1)
    for group in [store.parameters, store.gradients, store.velocities].compactMap(\.self) {
      let whole = try group.whole.read(on: store.queue)
      #expect(whole.count == ParameterStore.paddedCount(of: run.network, on: store.context.info))
      var (offset, padding) = (0, 0)
      for index in run.network.parameters.indices {
        let part = group[index]
        let end = offset + part.count
        #expect(try part.read(on: store.queue) == Array(whole[offset..<end]))
        offset = (end + step - 1) / step * step
        #expect(whole[end..<offset].allSatisfy { $0 == 0 })
        padding += offset - end
      }
      #expect(offset == whole.count && padding > 0)
    }
  }

  /// No tensor of a training step lies on another that is needed at the same time.
  @Test func tensorsOfAStepDoNotOverlap() throws {
    let run = try NetworkRun(TinyNetworks.entangled(), optimizer: NetworkRun.optimizer)
    let (plan, memory) = (run.executor.plan, run.executor.memory)
    var users: [Int: [Int]] = [:]
    for (number, step) in plan.steps.enumerated() {
      for tensor in step.bindings.values { users[tensor, default: []].append(number) }
    }
    let placed = memory.tensors.sorted { $0.key < $1.key }
    #expect(placed.count > 20)
    for (index, a) in placed.enumerated() {
      for b in placed[..<index] where a.value.arena == b.value.arena {
        let (first, second) = (users[a.key] ?? [], users[b.key] ?? [])
        let meet =
          first.first ?? 0 <= second.last ?? 0 && second.first ?? 0 <= first.last ?? 0
        let apart =
          a.value.offset + 4 * plan.tensors[a.key].count <= b.value.offset
          || b.value.offset + 4 * plan.tensors[b.key].count <= a.value.offset
        #expect(apart || !meet, "\(plan.tensors[a.key].name) on \(plan.tensors[b.key].name)")
      }
    }
    for name in ["images", "labels", "logits", "losses"] {
      let own = try #require(plan.index(ofTensor: name).flatMap { memory.tensors[$0] })
      #expect(own.offset.isMultiple(of: run.store.context.info.baseAlignment))
    }
    #expect(memory.arenaBytes.reduce(0, +) < memory.unsharedBytes)
  }
}
