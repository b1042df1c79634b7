import Datasets
import Graph

/// What a recipe means for a data set and a network.
extension Recipe {
  /// Images of the steps there are: of a full one, and of the last one where that is smaller.
  func stepSizes(images: Int) -> [Int] {
    let last = dropLastBatch ? 0 : images % batchSize
    return (images >= batchSize ? [batchSize] : []) + (last > 0 ? [last] : [])
  }

  /// Steps of an epoch.
  package func stepsPerEpoch(images: Int) -> Int {
    images / batchSize + (!dropLastBatch && images % batchSize > 0 ? 1 : 0)
  }

  /// Throws with status 64 where an epoch of so many images would have no step.
  package func check(images: Int) throws(TrainingError) {
    guard stepSizes(images: images).isEmpty else { return }
    throw TrainingError(
      .usage, "batch size \(batchSize)",
      why: "there are only \(images) training images and the last partial batch is dropped",
      advice: "give a smaller --batch")
  }

  /// Throws with status 64 where training by the recipe on `data` makes no sense.
  func check(fits data: Dataset) throws(TrainingError) {
    try validate()
    try check(images: data.train.count)
    guard data.test.count > 0 else {
      throw TrainingError(
        .usage, "data set \(data.name)", why: "it has no test images",
        advice: "give one that training can be tested on")
    }
    guard data.train.files == nil || augmentation.pad == 0 else {
      throw TrainingError(
        .usage, "augmentation", why: "image files are cropped at random, not padded",
        advice: "add --set augmentation.pad=0, or give --recipe imagenet")
    }
    let smallest = min(data.train.height, data.train.width)
    guard augmentation.pad < smallest else {
      throw TrainingError(
        .usage, "augmentation", why: "padding by \(augmentation.pad) needs larger images",
        advice: "give a smaller pad than \(smallest)")
    }
  }
}

extension Recipe.InputNormalization {
  /// Mean and standard deviation for each channel, in bytes.
  package func constants(
    mean: [Float], standardDeviation: [Float]
  ) -> (mean: [Float], standardDeviation: [Float]) {
    switch self {
    case .meanStd: (mean, standardDeviation)
    // Whitened images are inputs as they are.
    case .zca: (mean.map { _ in 0 }, mean.map { _ in 1 })
    case .divideBy255: (mean.map { _ in 0 }, mean.map { _ in 255 })
    }
  }
}

extension Optimizer {
  /// The constants of a recipe.
  init(_ recipe: Recipe) {
    self.init(
      momentum: Float(recipe.momentum), dampening: Float(recipe.dampening),
      nesterov: recipe.nesterov, weightDecay: Float(recipe.weightDecay))
  }
}

extension TrainingMemory.Task {
  /// The training of `network` on `data` by `recipe`, with its tests.
  package init(network: Network, data: Dataset, recipe: Recipe) {
    self.init(
      network: network, batches: recipe.stepSizes(images: data.train.count),
      evaluationBatch: min(recipe.batchSize, max(1, data.test.count)))
    // The data need not be whitened yet.
    let areWhitened = recipe.inputNormalization == .zca || data.train.values != nil
    func source(_ split: LabeledImages, _ augmentation: Recipe.Augmentation) -> ImageSource {
      ImageSource(
        count: split.count, areFiles: split.files != nil, augmentation: augmentation,
        areWhitened: areWhitened)
    }
    trainSource = source(data.train, recipe.augmentation)
    testSource = source(data.test, .none)
    images = [data.train, data.test].flatMap {
      DeviceDataset.allocations(for: $0, areWhitened: areWhitened)
    }
  }
}
