import Foundation

/// How a network is trained: every choice of the paper and of its code as a named property.
public struct Recipe: Codable, Hashable, Sendable {
  /// The number of passes over the training set.
  public var epochs: Int
  /// The number of images in a step.
  public var batchSize: Int
  /// The learning rate that the schedule scales.
  public var learningRate: Double
  /// How the learning rate changes.
  public var schedule: Schedule
  /// The share of the momentum buffer that a step keeps, from 0 to below 1.
  public var momentum: Double
  /// Whether a step looks ahead: w -= lr (g + momentum v) instead of w -= lr v.
  public var nesterov: Bool
  /// The share of the gradient kept out of the momentum buffer, from 0 to 1.
  public var dampening: Double
  /// The factor d of g += d w, applied to every parameter.
  public var weightDecay: Double
  /// Whether a drop at epoch 60 is seen by the 60th epoch, as in the authors' code, or the 61st.
  public var dropAtStartOfEpoch: Bool
  /// Whether the momentum buffer starts anew at each drop, as in the authors' code.
  public var resetMomentumAtDrop: Bool
  /// Whether the last batch of an epoch is left out when it is not full.
  public var dropLastBatch: Bool
  /// What happens to a training image.
  public var augmentation: Augmentation
  /// How the scale of each batch normalisation begins.
  public var gammaInitialization: GammaInitialization
  /// How bytes become the network's input.
  public var inputNormalization: InputNormalization

  /// What happens to a training image before the network sees it.
  ///
  /// An image file has any size: it is cropped, its colours changed and, with `flip`, mirrored at
  /// random as `ImagePreparation` says; with `none` it is brought to its size as a test image is.
  public struct Augmentation: Codable, Hashable, Sendable {
    /// Whether half of the images are mirrored.
    public var flip: Bool
    /// The pixels added on each side before a crop of the old size; 0 for no crop, and for image
    /// files, which have crops of their own.
    public var pad: Int
    /// What the added pixels hold.
    public var padMode: PadMode

    /// An augmentation by mirroring and by shifts of up to `pad` pixels.
    public init(flip: Bool, pad: Int, padMode: PadMode) {
      self.flip = flip
      self.pad = pad
      self.padMode = padMode
    }

    /// Images as they are.
    public static let none = Augmentation(flip: false, pad: 0, padMode: .reflect)
  }

  /// What the pixels outside an image hold.
  public enum PadMode: String, Codable, Hashable, Sendable, CaseIterable {
    /// The image mirrored at its edge, which is not repeated.
    case reflect
    /// The value 0 after normalisation.
    case zero
  }

  /// How the scale of each batch normalisation begins.
  public enum GammaInitialization: String, Codable, Hashable, Sendable, CaseIterable {
    /// Uniform between 0 and 1, as in the authors' code.
    case uniform
    /// 1 throughout.
    case one
  }

  /// How bytes become the network's input.
  public enum InputNormalization: String, Codable, Hashable, Sendable, CaseIterable {
    /// Minus the data set's mean, divided by its standard deviation, a channel at a time.
    case meanStd
    /// Divided by 255.
    case divideBy255
    /// Contrast-normalised and whitened by the training images, as before the paper's Tables 2 to 4.
    case zca
  }

  /// A recipe from all its choices.
  public init(
    epochs: Int, batchSize: Int, learningRate: Double, schedule: Schedule, momentum: Double,
    nesterov: Bool, dampening: Double, weightDecay: Double, dropAtStartOfEpoch: Bool,
    resetMomentumAtDrop: Bool, dropLastBatch: Bool, augmentation: Augmentation,
    gammaInitialization: GammaInitialization, inputNormalization: InputNormalization
  ) {
    self.epochs = epochs
    self.batchSize = batchSize
    self.learningRate = learningRate
    self.schedule = schedule
    self.momentum = momentum
    self.nesterov = nesterov
    self.dampening = dampening
    self.weightDecay = weightDecay
    self.dropAtStartOfEpoch = dropAtStartOfEpoch
    self.resetMomentumAtDrop = resetMomentumAtDrop
    self.dropLastBatch = dropLastBatch
    self.augmentation = augmentation
    self.gammaInitialization = gammaInitialization
    self.inputNormalization = inputNormalization
  }

  /// The learning rate of one step; `epoch` and `step` count from 0.
  public func learningRate(epoch: Int, step: Int, stepsPerEpoch: Int) -> Double {
    schedule.learningRate(
      base: learningRate, epoch: epoch, step: step, stepsPerEpoch: stepsPerEpoch, epochs: epochs,
      dropAtStartOfEpoch: dropAtStartOfEpoch)
  }

  /// Whether the momentum buffer starts anew before `epoch`, counted from 0.
  public func resetsMomentum(before epoch: Int) -> Bool {
    resetMomentumAtDrop
      && schedule.isDrop(epoch: epoch, dropAtStartOfEpoch: dropAtStartOfEpoch)
  }

  /// The epochs, from 1, at whose beginning the learning rate drops.
  public var drops: [Int] {
    guard case .steps(let epochs, _) = schedule else { return [] }
    return epochs.map { dropAtStartOfEpoch ? $0 : $0 + 1 }
  }

  /// Throws with status 64 when a value makes no sense, naming it.
  public func validate() throws(TrainingError) {
    func require(
      _ holds: Bool, _ name: String, _ expected: String, _ got: Any
    ) throws(TrainingError) {
      if holds { return }
      throw TrainingError(
        .usage, "recipe", why: "\(name): expected \(expected), got \(got)",
        advice: "give another value")
    }
    // The bounds keep the number of images in a run within 64 bits.
    try require((1...1_000_000).contains(epochs), "epochs", "1 to 1000000", epochs)
    try require((1...1_000_000).contains(batchSize), "batchSize", "1 to 1000000", batchSize)
    try require(
      learningRate > 0 && Float(learningRate).isFinite, "learningRate", "a finite number above 0",
      learningRate)
    try require((0..<1).contains(momentum), "momentum", "a number from 0 to below 1", momentum)
    try require((0...1).contains(dampening), "dampening", "a number from 0 to 1", dampening)
    try require(
      !nesterov || (momentum > 0 && dampening == 0), "nesterov",
      "a momentum above 0 and no dampening", "momentum \(momentum), dampening \(dampening)")
    try require(
      weightDecay >= 0 && Float(weightDecay).isFinite, "weightDecay", "a finite number from 0",
      weightDecay)
    try require(
      (0...1024).contains(augmentation.pad), "augmentation.pad", "0 to 1024", augmentation.pad)
    if let problem = schedule.problem(learningRate: learningRate) {
      throw TrainingError(
        .usage, "recipe", why: "schedule: \(problem)", advice: "give another value")
    }
  }
}
