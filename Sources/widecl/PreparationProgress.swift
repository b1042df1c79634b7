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
    var line = RedrawnLine()
  }

  private let state = Mutex(State())

  func show(_ preparation: Preparation) {
    guard preparation.done < preparation.count else { return clear() }
    show(Self.text(preparation))
  }

  func show(_ text: @autoclosure () -> String) {
    let surroundings = ProgressLine.Surroundings.standardError
    let now = surroundings.now()
    let width = surroundings.width()
    state.withLock { state in
      let start = state.start ?? now
      state.start = start
      let interval = width == nil ? ProgressLine.lineInterval : ProgressLine.redrawInterval
      guard now - start >= (width == nil ? interval : Self.patience),
        now - state.shown >= interval
      else { return }
      state.shown = now
      guard let width else { return surroundings.write(text() + "\n") }
      state.line.draw(text(), width: width)
    }
  }

  /// Removes the line, before something else is written.
  func clear() { state.withLock { $0.line.clear() } }

  private static func text(_ preparation: Preparation) -> String {
    let numbers = "\(preparation.done + 1)/\(preparation.count)"
    return switch preparation.work {
    case .compiling: "compiling kernels \(numbers) (once)"
    case .checking: "compiling and checking kernels \(numbers) (once)"
    }
  }
}
