import DeviceRuntime
import Synchronization
import Training

/// Shows what goes on before the first step where it takes more than a moment.
///
/// On a terminal it is a line that is redrawn, elsewhere one now and then.
final class PreparationProgress: Sendable {
  /// Seconds after which a terminal shows the first line.
  private static let patience = 1.0

  private struct State {
    var start: Double?
    var shown = 0.0
    var columns = 0
  }

  private let state = Mutex(State())

  func show(_ preparation: Preparation) {
    let surroundings = ProgressLine.Surroundings.standardError
    let now = surroundings.now()
    let width = surroundings.width()
    state.withLock { state in
      let start = state.start ?? now
      state.start = start
      guard preparation.done < preparation.count else {
        surroundings.write(Self.blank(state.columns))
        state.columns = 0
        return
      }
      let interval = width == nil ? ProgressLine.lineInterval : ProgressLine.redrawInterval
      guard now - start >= (width == nil ? interval : Self.patience),
        now - state.shown >= interval
      else { return }
      state.shown = now
      let line = Self.line(preparation)
      guard let width else { return surroundings.write(line + "\n") }
      let text = String(line.prefix(width - 1))
      surroundings.write(Self.blank(state.columns) + text)
      state.columns = text.utf8.count
    }
  }

  private static func line(_ preparation: Preparation) -> String {
    let numbers = "\(preparation.done + 1)/\(preparation.count)"
    return switch preparation.work {
    case .compiling: "compiling kernels \(numbers) (once)"
    case .checking: "compiling and checking kernels \(numbers) (once)"
    }
  }

  private static func blank(_ columns: Int) -> String {
    columns == 0 ? "" : "\r" + String(repeating: " ", count: columns) + "\r"
  }
}
