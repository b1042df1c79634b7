import Spelling

extension Recipe {
  /// The paper's recipe for CIFAR-10 and CIFAR-100.
  public static let cifar = Recipe(
    epochs: 200, batchSize: 128, learningRate: 0.1,
    schedule: .steps(epochs: [60, 120, 160], factor: 0.2), momentum: 0.9, nesterov: true,
    dampening: 0, weightDecay: 5e-4, dropAtStartOfEpoch: true, resetMomentumAtDrop: true,
    dropLastBatch: true, augmentation: Augmentation(flip: true, pad: 4, padMode: .reflect),
    gammaInitialization: .uniform, inputNormalization: .meanStd)

  /// The paper's recipe for SVHN.
  public static let svhn = Recipe(
    epochs: 160, batchSize: 128, learningRate: 0.01,
    schedule: .steps(epochs: [80, 120], factor: 0.1), momentum: 0.9, nesterov: true,
    dampening: 0, weightDecay: 5e-4, dropAtStartOfEpoch: true, resetMomentumAtDrop: true,
    dropLastBatch: true, augmentation: .none, gammaInitialization: .uniform,
    inputNormalization: .divideBy255)

  /// The recipe of fb.resnet.torch for ImageNet, by which the paper's networks were trained.
  ///
  /// Its random sized crops, colour jitter and lighting are not part of a recipe.
  public static let imagenet = Recipe(
    epochs: 90, batchSize: 256, learningRate: 0.1,
    schedule: .steps(epochs: [31, 61], factor: 0.1), momentum: 0.9, nesterov: true,
    dampening: 0, weightDecay: 1e-4, dropAtStartOfEpoch: true, resetMomentumAtDrop: false,
    dropLastBatch: false, augmentation: Augmentation(flip: true, pad: 0, padMode: .reflect),
    gammaInitialization: .one, inputNormalization: .meanStd)

  /// A few epochs for minutes on a CPU.
  public static let quick = Recipe(
    epochs: 3, batchSize: 128, learningRate: 0.2,
    schedule: .oneCycle(warmUp: 0.25, start: 0.1, end: 0), momentum: 0.9, nesterov: true,
    dampening: 0, weightDecay: 5e-4, dropAtStartOfEpoch: true, resetMomentumAtDrop: false,
    dropLastBatch: true, augmentation: Augmentation(flip: true, pad: 2, padMode: .reflect),
    gammaInitialization: .one, inputNormalization: .meanStd)

  /// `quick` for so many training images in files of one's own: no padding, which they do not take, a
  /// batch of at most a quarter of an epoch and its learning rate, and more epochs where there are few
  /// images.
  package static func quick(imageFiles count: Int) -> Recipe {
    var recipe = quick
    recipe.augmentation.pad = 0
    recipe.batchSize = min(quick.batchSize, max(2, count / 4))
    // Goyal et al. 2017: the rate goes with the batch.
    recipe.learningRate = quick.learningRate * Double(recipe.batchSize) / Double(quick.batchSize)
    recipe.epochs = min(40, max(quick.epochs, 20_000 / max(count, 1)))
    return recipe
  }

  /// The names that `named(_:)` knows, in the order to show them.
  public static let names = ["cifar", "svhn", "imagenet", "quick"]

  /// The recipe of a name; throws with status 64 when there is none.
  public static func named(_ name: String) throws(TrainingError) -> Recipe {
    switch name {
    case "cifar": return .cifar
    case "svhn": return .svhn
    case "imagenet": return .imagenet
    case "quick": return .quick
    default:
      throw TrainingError(
        .usage, "recipe \"\(name)\"",
        why: "there is no such recipe\(Spelling.question(name, among: names))",
        advice: "choose one of \(names.joined(separator: ", "))")
    }
  }
}
