import Datasets
import DeviceRuntime
import Graph
import Operators

/// Where an executor's batches come from.
protocol BatchSource: AnyObject {
  /// Number of images.
  var count: Int { get }
  /// The buffers by the names that execution plans give them.
  func buffers(metrics: Buffer<Float>) -> [String: any DeviceBuffer]
  /// Copies the images to the device, where they stay there: before the first batch, and after
  /// checks, which write into the buffers.
  func load() throws
  /// Sets the order of visits in the 0-based `epoch`, a permutation of the images.
  func begin(epoch: Int, order: [UInt32]) throws
  /// Gives the images at these places of the order to the executor's next run, which has `slots`
  /// slots; those at `next` are prepared meanwhile.
  func provide(_ places: Range<Int>, slots: Int, next: Range<Int>?, to executor: Executor) throws
}

extension ImageSource {
  /// How plans get the images of a split: from the device's memory, or from the host for files.
  init(_ split: LabeledImages, augmentation: Recipe.Augmentation) {
    self.init(
      count: split.count, areFiles: split.files != nil, augmentation: augmentation,
      areWhitened: split.values != nil)
  }

  init(
    count: Int, areFiles: Bool, augmentation: Recipe.Augmentation, areWhitened: Bool = false
  ) {
    self =
      areFiles
      ? .host
      : .dataset(
        total: count,
        augmentation: Augmentation(
          flip: augmentation.flip, pad: augmentation.pad,
          padMode: augmentation.padMode == .reflect ? .reflect : .zero), floats: areWhitened)
  }
}

/// The source for a split; `augmentation` and `seed` are for images that are files, the others'
/// augmentation is the plan's.
func makeBatchSource(
  _ split: LabeledImages, mean: [Float], standardDeviation: [Float],
  augmentation: Recipe.Augmentation, seed: UInt64, context: Context, queue: Queue
) throws(CLError) -> any BatchSource {
  guard split.files != nil else {
    return try DeviceDataset(
      split, mean: mean, standardDeviation: standardDeviation, context: context, queue: queue)
  }
  return FileBatches(
    split,
    preparation: ImagePreparation(
      size: split.height, mean: mean, standardDeviation: standardDeviation,
      augmentation: augmentation == .none
        ? nil : ImagePreparation.Augmentation(flip: augmentation.flip, seed: seed)))
}
