import Dispatch
import Synchronization

/// A batch of image files that threads read, decode and prepare in the background.
public final class ImageBatch: Sendable {
  private struct State {
    var next = 0
    var isCancelled = false
    var values: [Float] = []
    /// Of the image with the lowest slot, so that it does not depend on the threads.
    var failure: (slot: Int, error: DataError)?
  }

  private let state = Mutex(State())
  private let group = DispatchGroup()

  /// Starts to prepare the images `indices` of `split`, whose images are files, for `slots` slots
  /// of which the last may stay empty; `threads` at most work at once.
  public init(
    _ split: LabeledImages, indices: [UInt32], slots: Int, preparation: ImagePreparation,
    epoch: Int, threads: Int
  ) {
    precondition(indices.count <= slots && threads > 0, "a batch of \(slots) slots")
    guard let files = split.files else { preconditionFailure("no image files") }
    let size = preparation.size * preparation.size * 3
    DispatchQueue.global().async(group: group) { [self] in
      let values = [Float](unsafeUninitializedCapacity: slots * size) { values, filled in
        values.initialize(repeating: 0)
        filled = slots * size
        // Each slot is written by the thread that took it.
        nonisolated(unsafe) let values = values
        DispatchQueue.concurrentPerform(iterations: min(threads, indices.count)) { _ in
          while let slot = take(of: indices.count) {
            let part = UnsafeMutableBufferPointer(
              rebasing: values[slot * size..<(slot + 1) * size])
            do throws(DataError) {
              preparation.prepare(
                try files.decode(Int(indices[slot])), epoch: epoch,
                index: indices[slot], into: part)
            } catch {
              fail(slot, error)
            }
          }
        }
      }
      state.withLock { $0.values = values }
    }
  }

  /// The inputs `[slots, size, size, 3]`, zero in empty slots, once all are ready.
  ///
  /// Throws what `ImageFile.decode` does for the first image that it refuses.
  public func wait() throws(DataError) -> [Float] {
    group.wait()
    let (values, failure) = state.withLock { ($0.values, $0.failure) }
    if let failure { throw failure.error }
    return values
  }

  /// Leaves out what is not begun; the batch is of no use any more.
  public func cancel() { state.withLock { $0.isCancelled = true } }

  private func take(of count: Int) -> Int? {
    state.withLock { state in
      guard !state.isCancelled, state.failure == nil, state.next < count else { return nil }
      state.next += 1
      return state.next - 1
    }
  }

  private func fail(_ slot: Int, _ error: DataError) {
    state.withLock { state in
      if slot < state.failure?.slot ?? .max { state.failure = (slot, error) }
    }
  }
}
