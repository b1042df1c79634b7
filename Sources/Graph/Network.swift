import Operators

/// Height, width and channels of one image or activation, NHWC without the N.
public struct ImageShape: Hashable, Codable, Sendable, CustomStringConvertible {
  /// Rows.
  public var height: Int
  /// Columns.
  public var width: Int
  /// Channels.
  public var channels: Int

  /// A shape of `height` × `width` × `channels`.
  public init(height: Int, width: Int, channels: Int) {
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// Values in one image.
  public var count: Int { height * width * channels }

  /// As `--image` takes it: CxHxW.
  public var description: String { "\(channels)x\(height)x\(width)" }
}

/// A network as a static graph of layers, for any batch size, for training and evaluation.
///
/// Each method adds a layer and returns its output. A network ends with an output of one pixel, such
/// as that of `linear`, whose channels are the logits.
///
///     var network = Network(image: ImageShape(height: 28, width: 28, channels: 1))
///     var x = network.convolution(network.input, channels: 16, kernel: 3, name: "conv0")
///     x = network.batchNormReLU(x, name: "bn")
///     network.linear(network.globalAveragePool(x), outputs: 10, name: "fc")
public struct Network: Sendable {
  /// The output of a layer.
  public struct Value: Hashable, Sendable {
    /// The layer's place in `nodes`.
    package let index: Int
  }

  /// What a layer computes.
  package enum Layer: Hashable, Sendable {
    case input
    case convolution(kernel: Int, stride: Int)
    case batchNorm(relu: Bool, dropout: Double)
    case add
    case addReLU
    case paddedShortcut(stride: Int)
    case maxPool(PoolWindow)
    case averagePool(PoolWindow)
    case globalAveragePool
    case biasActivation(Activation)
    case dropout(rate: Double)
    case gate
    case maxout(pieces: Int)
    case linear
  }

  /// A layer, what it reads, and what it gives for one image.
  package struct Node: Sendable {
    package var layer: Layer
    package var name: String
    package var inputs: [Value]
    package var shape: ImageShape
    /// Indices in `parameters`, in the layer's own order.
    package var parameters: [Int] = []
    /// Indices in `states`, in the layer's own order.
    package var states: [Int] = []
    /// The branch of stochastic depth that the layer belongs to.
    package var branch: Int?
  }

  /// The layers, each behind those it reads; the first is the input.
  package private(set) var nodes: [Node]
  /// The trainable tensors, in the order of the layers.
  public private(set) var parameters: [Parameter] = []
  /// The running means and variances.
  public private(set) var states: [Parameter] = []
  /// Indices of the parameters that training leaves as they are.
  package internal(set) var frozen: Set<Int> = []

  /// The losses besides that of the last layer.
  package internal(set) var sideLosses: [SideLoss] = []
  /// The probability that each branch of stochastic depth takes part in a training step.
  public private(set) var survivals: [Double] = []
  /// The branch that is being built.
  private var currentBranch: Int?
  /// The names of `parameters`.
  private var names: Set<String> = []

  /// An empty network for images of this shape.
  public init(image: ImageShape) {
    nodes = [Node(layer: .input, name: "input", inputs: [], shape: image)]
  }

  /// The images.
  public var input: Value { Value(index: 0) }

  /// The images' shape.
  public var image: ImageShape { nodes[0].shape }

  /// Logits of an image.
  public var classes: Int { nodes.last?.shape.channels ?? 0 }

  /// The shape of a layer's output for one image.
  public func shape(of value: Value) -> ImageShape { nodes[value.index].shape }

  /// Trainable numbers in all.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }

  /// A square convolution without bias, its filter drawn from N(0, 2 / (kernel² · channels in)).
  ///
  /// It is padded so that a stride of 1 keeps the image's size, with one pixel more behind the image
  /// than before it where the kernel is even.
  public mutating func convolution(
    _ x: Value, channels: Int, kernel: Int, stride: Int = 1, name: String
  ) -> Value {
    convolution(x, channels: channels, kernel: kernel, stride: stride, gain: 2, name: name)
  }

  /// The same with its filter drawn from N(0, gain / (kernel² · channels in)).
  mutating func convolution(
    _ x: Value, channels: Int, kernel: Int, stride: Int, gain: Double, name: String
  ) -> Value {
    precondition(channels > 0 && kernel > 0 && stride > 0, "convolution \(name)")
    let from = shape(of: x)
    let deviation = (gain / Double(kernel * kernel * from.channels)).squareRoot()
    let filter = add(
      Parameter(
        name: "\(name).weight",
        layout: .filter(kernel: kernel, inputs: from.channels, outputs: channels),
        start: .normal(standardDeviation: Float(deviation))))
    return add(
      .convolution(kernel: kernel, stride: stride), name, [x],
      ImageShape(
        height: (from.height + stride - 1) / stride, width: (from.width + stride - 1) / stride,
        channels: channels),
      parameters: [filter])
  }

  /// Batch normalisation and ReLU, then dropout with probability `dropout` when training.
  ///
  /// Gamma starts as U(0, 1), or as 1 with `unitGamma`; beta as 0.
  public mutating func batchNormReLU(
    _ x: Value, dropout: Double = 0, unitGamma: Bool = false, name: String
  ) -> Value {
    batchNorm(x, relu: true, dropout: dropout, unitGamma: unitGamma, name: name)
  }

  /// Batch normalisation alone, as before the sum of a post-activation block.
  ///
  /// Gamma starts as U(0, 1), or as 1 with `unitGamma`; beta as 0.
  public mutating func batchNorm(_ x: Value, unitGamma: Bool = false, name: String) -> Value {
    batchNorm(x, relu: false, dropout: 0, unitGamma: unitGamma, name: name)
  }

  private mutating func batchNorm(
    _ x: Value, relu: Bool, dropout: Double, unitGamma: Bool, name: String
  ) -> Value {
    precondition(dropout >= 0 && dropout < 1, "dropout of \(name)")
    let channels = shape(of: x).channels
    let gamma = add(
      Parameter(
        name: "\(name).weight", layout: .vector(channels),
        start: unitGamma ? .constant(1) : .uniform(low: 0, high: 1)))
    let beta = add(
      Parameter(name: "\(name).bias", layout: .vector(channels), start: .constant(0)))
    states.append(
      Parameter(name: "\(name).running_mean", layout: .vector(channels), start: .constant(0)))
    states.append(
      Parameter(name: "\(name).running_var", layout: .vector(channels), start: .constant(1)))
    return add(
      .batchNorm(relu: relu, dropout: dropout), name, [x], shape(of: x), parameters: [gamma, beta],
      states: [states.count - 2, states.count - 1])
  }

  /// a + b of equal shapes.
  public mutating func add(_ a: Value, _ b: Value, name: String) -> Value {
    precondition(shape(of: a) == shape(of: b), "\(name): \(shape(of: a)) + \(shape(of: b))")
    return add(.add, name, [a, b], shape(of: a))
  }

  /// relu(a + b) of equal shapes.
  public mutating func addReLU(_ a: Value, _ b: Value, name: String) -> Value {
    precondition(shape(of: a) == shape(of: b), "\(name): \(shape(of: a)) + \(shape(of: b))")
    return add(.addReLU, name, [a, b], shape(of: a))
  }

  /// Every `stride`-th row and column of x, with zeros as channels behind its own.
  public mutating func paddedShortcut(
    _ x: Value, channels: Int, stride: Int, name: String
  ) -> Value {
    let from = shape(of: x)
    precondition(channels >= from.channels && stride > 0, "padded shortcut \(name)")
    return add(
      .paddedShortcut(stride: stride), name, [x],
      ImageShape(
        height: (from.height + stride - 1) / stride, width: (from.width + stride - 1) / stride,
        channels: channels))
  }

  /// x·wᵀ + bias, of all pixels of x.
  ///
  /// The weight starts as U(-1/√inputs, 1/√inputs), the bias as 0.
  @discardableResult
  public mutating func linear(_ x: Value, outputs: Int, name: String) -> Value {
    let from = shape(of: x)
    let bound = Float(1 / Double(from.count).squareRoot())
    let pixels = from.height * from.width
    let weight = add(
      Parameter(
        name: "\(name).weight",
        layout: pixels == 1
          ? .matrix(outputs: outputs, inputs: from.channels)
          : .mapMatrix(outputs: outputs, pixels: pixels, channels: from.channels),
        start: .uniform(low: -bound, high: bound)))
    let bias = add(Parameter(name: "\(name).bias", layout: .vector(outputs), start: .constant(0)))
    return add(
      .linear, name, [x], ImageShape(height: 1, width: 1, channels: outputs),
      parameters: [weight, bias])
  }

  /// From here on, layers belong to a branch of their own.
  mutating func beginBranch(survival: Double) {
    precondition(currentBranch == nil, "a branch inside a branch")
    currentBranch = survivals.count
    survivals.append(survival)
  }

  /// From here on, layers belong to no branch.
  mutating func endBranch() { currentBranch = nil }

  mutating func add(_ parameter: Parameter) -> Int {
    precondition(names.insert(parameter.name).inserted, "two of \(parameter.name)")
    parameters.append(parameter)
    return parameters.count - 1
  }

  mutating func add(
    _ layer: Layer, _ name: String, _ inputs: [Value], _ shape: ImageShape,
    parameters: [Int] = [], states: [Int] = []
  ) -> Value {
    precondition(
      inputs.allSatisfy { $0.index < nodes.count }, "\(name): a value of another network")
    switch layer {
    case .convolution, .batchNorm: break
    default:
      precondition(currentBranch == nil, "\(name): only convolutions and batch normalisations")
    }
    for (place, input) in inputs.enumerated() {
      let from = nodes[input.index].branch
      precondition(
        from == nil || from == currentBranch || layer == .addReLU && place == 0,
        "\(name): what a branch gives goes into a sum with ReLU, first")
    }
    nodes.append(
      Node(
        layer: layer, name: name, inputs: inputs, shape: shape, parameters: parameters,
        states: states, branch: currentBranch))
    return Value(index: nodes.count - 1)
  }
}
