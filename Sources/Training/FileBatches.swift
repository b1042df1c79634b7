import Datasets
import DeviceRuntime
import Foundation
import Graph

/// Batches of image files, decoded by threads while the device works on the batch before.
final class FileBatches: BatchSource {
  private let split: LabeledImages
  private let preparation: ImagePreparation
  private let threads: Int
  private var epoch = 0
  private var order: [UInt32]
  private var ahead: (places: Range<Int>, slots: Int, batch: ImageBatch)?

  init(
    _ split: LabeledImages, preparation: ImagePreparation,
    threads: Int = min(16, ProcessInfo.processInfo.activeProcessorCount)
  ) {
    self.split = split
    self.preparation = preparation
    self.threads = threads
    order = (0..<UInt32(split.count)).map { $0 }
  }

  deinit { ahead?.batch.cancel() }

  var count: Int { split.count }

  func buffers(metrics: Buffer<Float>) -> [String: any DeviceBuffer] { ["metrics": metrics] }

  /// Nothing to do: each batch is copied by itself.
  func load() {}

  func begin(epoch: Int, order: [UInt32]) {
    ahead?.batch.cancel()
    ahead = nil
    self.epoch = epoch
    self.order = order
  }

  func provide(_ places: Range<Int>, slots: Int, next: Range<Int>?, to executor: Executor) throws {
    let batch: ImageBatch
    if let ahead, ahead.places == places, ahead.slots >= slots {
      batch = ahead.batch
    } else {
      ahead?.batch.cancel()
      batch = start(places, slots: slots)
    }
    ahead = nil
    let images = try batch.wait()
    if let next {
      let slots = max(slots, next.count)
      ahead = (next, slots, start(next, slots: slots))
    }
    let values = slots * preparation.size * preparation.size * 3
    // The batch that was prepared with the slots of a larger one is cut to the executor's.
    try executor.write("images", images.count == values ? images : Array(images.prefix(values)))
    let labels = order[places].map { split.labels[Int($0)] }
    try executor.write(
      "labels", labels + [Int32](repeating: 0, count: slots - labels.count))
  }

  private func start(_ places: Range<Int>, slots: Int) -> ImageBatch {
    ImageBatch(
      split, indices: Array(order[places]), slots: slots, preparation: preparation, epoch: epoch,
      threads: threads)
  }
}
