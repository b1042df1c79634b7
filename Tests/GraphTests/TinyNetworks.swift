import Autotuner
import DeviceRuntime
import Graph
import TestSupport

/// Networks for images of 8 x 8 with 3 channels, small enough for central differences.
enum TinyNetworks {
  static let batch = 4
  static let image = ImageShape(height: 8, width: 8, channels: 3)

  /// WRN-10-1.
  static func wideResNet(dropout: Double = 0) -> Network {
    var network = Network(image: image)
    var x = network.convolution(network.input, channels: 16, kernel: 3, name: "conv0")
    for (group, channels) in [16, 32, 64].enumerated() {
      let (stride, name) = (group > 0 ? 2 : 1, "group\(group).block0")
      let first = network.batchNormReLU(x, name: "\(name).bn0")
      let shortcut =
        group == 0
        ? x
        : network.convolution(
          first, channels: channels, kernel: 1, stride: stride, name: "\(name).convdim")
      var y = network.convolution(
        first, channels: channels, kernel: 3, stride: stride, name: "\(name).conv0")
      y = network.batchNormReLU(y, dropout: dropout, name: "\(name).bn1")
      y = network.convolution(y, channels: channels, kernel: 3, name: "\(name).conv1")
      x = network.add(y, shortcut, name: "\(name).add")
    }
    return finished(&network, network.batchNormReLU(x, name: "bn"))
  }

  /// Post-activation blocks: one with the identity, one with a padded shortcut.
  static func postactivation(survival: Double = 1) -> Network {
    var network = Network(image: image)
    var x = network.convolution(network.input, channels: 16, kernel: 3, name: "conv0")
    x = network.batchNormReLU(x, name: "bn0")
    for (block, channels) in [16, 32].enumerated() {
      let stride = block + 1
      let name = "block\(block)"
      let branch = network.branch(survival: survival) { network in
        var y = network.convolution(
          x, channels: channels, kernel: 3, stride: stride, name: "\(name).conv0")
        y = network.batchNormReLU(y, name: "\(name).bn0")
        y = network.convolution(y, channels: channels, kernel: 3, name: "\(name).conv1")
        return network.batchNorm(y, name: "\(name).bn1")
      }
      let shortcut =
        block == 0
        ? x : network.paddedShortcut(x, channels: channels, stride: stride, name: "\(name).pad")
      x = network.addReLU(branch, shortcut, name: "\(name).add")
    }
    return finished(&network, x)
  }

  /// ImageNet's first layers in small, and a bottleneck with a projection behind them.
  static func bottleneck() -> Network {
    var network = Network(image: image)
    var x = network.convolution(network.input, channels: 16, kernel: 7, stride: 2, name: "conv0")
    x = network.maxPool(network.batchNormReLU(x, name: "bn0"))
    var y = network.convolution(x, channels: 8, kernel: 1, name: "conv1")
    y = network.batchNormReLU(y, name: "bn1")
    y = network.convolution(y, channels: 8, kernel: 3, name: "conv2")
    y = network.batchNormReLU(y, name: "bn2")
    y = network.batchNorm(
      network.convolution(y, channels: 32, kernel: 1, name: "conv3"), name: "bn3")
    let shortcut = network.batchNorm(
      network.convolution(x, channels: 32, kernel: 1, name: "convdim"), name: "bndim")
    return finished(&network, network.addReLU(y, shortcut, name: "add"))
  }

  /// Convolutions only, of which one result is added to itself.
  static func withoutNormalization() -> Network {
    var network = Network(image: image)
    var x = network.convolution(network.input, channels: 8, kernel: 3, name: "a")
    x = network.add(x, x, name: "twice")
    x = network.convolution(x, channels: 6, kernel: 1, stride: 2, name: "b")
    return finished(&network, x)
  }

  /// Biases with smooth activations, a gate, pools, maxout and dropout; it ends with a mean.
  static func plain(dropout: Double = 0.3) -> Network {
    var network = Network(image: image)
    var x = network.dropout(network.input, rate: dropout, name: "drop0")
    x = network.convolution(x, channels: 8, kernel: 3, activation: .elu, name: "a")
    let h = network.convolution(x, channels: 8, kernel: 2, activation: .elu, name: "h")
    let t = network.convolution(
      x, channels: 8, kernel: 3, activation: .sigmoid, biasStart: -1, name: "t")
    x = network.gate(h, t, x, name: "gate")
    x = network.averagePool(x, kernel: 3, stride: 2, padding: 0, roundsUp: true, name: "average")
    x = network.dropout(x, rate: dropout, name: "drop1")
    x = network.convolution(x, channels: 12, kernel: 3, activation: .identity, name: "pieces")
    x = network.maxout(x, pieces: 2, name: "maxout")
    x = network.maxPool(x, kernel: 2, stride: 2, padding: 0, roundsUp: true)
    x = network.convolution(x, channels: 5, kernel: 1, activation: .identity, name: "logits")
    _ = network.globalAveragePool(x)
    return network
  }

  /// Values with three users, sums of sums, operands that no convolution computes, and a layer
  /// that nothing uses.
  static func entangled() -> Network {
    var network = Network(image: image)
    let x = network.convolution(network.input, channels: 8, kernel: 3, name: "a")
    let left = network.batchNormReLU(x, name: "left")
    let right = network.batchNormReLU(x, name: "right")
    let sum = network.add(left, right, name: "sum")
    let b = network.convolution(sum, channels: 8, kernel: 3, name: "b")
    _ = network.convolution(sum, channels: 4, kernel: 1, name: "unused")
    let twice = network.add(b, x, name: "b used twice")
    let all = network.add(network.add(twice, b, name: "again"), left, name: "all")
    return finished(&network, all)
  }

  /// Pool and linear layer behind `x`.
  static func finished(_ network: inout Network, _ x: Network.Value) -> Network {
    network.linear(network.globalAveragePool(x), outputs: 5, name: "fc")
    return network
  }
}

/// A network on the test device with a batch of random images.
struct NetworkRun {
  let network: Network
  let store: ParameterStore
  let executor: Executor
  private let images: [Float]
  private let labels: [Int32]

  static let context = Result { try TestDevice().context }

  static let optimizer = Optimizer(
    momentum: 0.9, dampening: 0, nesterov: true, weightDecay: 5e-4)

  init(
    _ network: Network, mode: PlanMode = .training, optimizer: Optimizer? = nil,
    context: Context? = nil, chooser: any ConfigurationChooser = DefaultChooser(),
    imageSeed: UInt64 = 4
  ) throws {
    let context = try context ?? NetworkRun.context.get()
    let queue = try context.makeQueue()
    self.network = network
    let purpose: ParameterStore.Purpose =
      mode == .evaluation ? .evaluation : optimizer == nil ? .gradients : .training
    store = try ParameterStore(network: network, for: purpose, context: context, queue: queue)
    try store.initialize(seed: 3)
    let batch = TinyNetworks.batch
    let plan: ExecutionPlan =
      switch mode {
      case .training:
        .training(
          network, batch: batch, source: .host, optimizer: optimizer,
          on: context.info)
      case .evaluation: .evaluation(network, batch: batch, source: .host)
      }
    let metrics = try context.makeBuffer(Float.self, count: 4)
    try metrics.fill(0, on: queue)
    executor = try Executor(
      plan, store: store, external: ["metrics": metrics], chooser: chooser)
    var generator = ExampleGenerator(seed: imageSeed)
    images = generator.values(count: batch * network.image.count, kind: .random).map {
      Float($0)
    }
    labels = (0..<batch).map { Int32($0 * 3 % network.classes) }
  }

  func step(_ number: Int = 0, learningRate: Float = 0.1, dropped: Set<Int> = []) throws {
    try executor.write("images", images)
    try executor.write("labels", labels)
    try executor.enqueue(
      scalars: [
        "valid": .int(Int32(TinyNetworks.batch)), "seedLow": .uint(5), "seedHigh": .uint(6),
        "step": .uint(UInt32(number)), "learningRate": .float(learningRate),
        "firstStep": .int(number == 0 ? 1 : 0),
      ], dropped: dropped)
  }

  /// The mean loss of the batch.
  func loss() throws -> Double {
    try step()
    return try executor.read("losses").reduce(0) { $0 + Double($1) } / Double(TinyNetworks.batch)
  }

  /// Sets a parameter, in the order of files.
  func set(_ name: String, _ values: [Float]) throws {
    guard let index = network.parameters.firstIndex(where: { $0.name == name }) else {
      preconditionFailure("no parameter \(name)")
    }
    try store.write(.parameter, at: index, values)
  }

  func parameter(_ name: String) throws -> [Float] {
    try store.read(.parameter).first { $0.parameter.name == name }?.values ?? []
  }
}
