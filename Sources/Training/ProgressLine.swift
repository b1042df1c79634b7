import Files
import Foundation
import Glibc

/// Shows how far a run is: a line that is redrawn on a terminal, a line now and then elsewhere.
package struct ProgressLine {
  /// Where the progress goes, and what time it is.
  package struct Surroundings {
    /// The columns of the terminal, asked before each line; nil when it is none.
    package var width: () -> Int?
    /// Seconds from any fixed moment.
    package var now: () -> Double
    /// Takes text as it is.
    package var write: (String) -> Void

    package init(
      width: @escaping () -> Int?, now: @escaping () -> Double, write: @escaping (String) -> Void
    ) {
      self.width = width
      self.now = now
      self.write = write
    }

    /// Standard error and the monotonic clock.
    package static var standardError: Surroundings {
      Surroundings(
        width: {
          var size = winsize()
          guard isatty(STDERR_FILENO) == 1 else { return nil }
          // Terminals without a size, such as a serial line, say 0.
          guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return 80
          }
          return Int(size.ws_col)
        },
        now: {
          var time = timespec()
          clock_gettime(CLOCK_MONOTONIC, &time)
          return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
        },
        write: StandardStreams.tell)
    }
  }

  /// Seconds between two redraws on a terminal.
  package static let redrawInterval = 0.1
  /// Seconds between two lines where there is no terminal.
  package static let lineInterval = 10.0

  private let epochs: Int
  private let stepsPerEpoch: Int
  private let imagesPerStep: Int
  private let surroundings: Surroundings

  /// Counted from 0.
  private var epoch = 0
  /// Steps done in this epoch.
  private var step = 0
  private var rate = SmoothedRate()
  private var stepTime: Double
  private var shownTime: Double
  private var drawnColumns = 0
  /// Seconds between the last step of an epoch and its end: testing and saving.
  private var pause = 0.0

  /// A run of `epochs` times `stepsPerEpoch` steps of `imagesPerStep` images.
  package init(
    epochs: Int, stepsPerEpoch: Int, imagesPerStep: Int,
    surroundings: Surroundings = .standardError
  ) {
    self.epochs = epochs
    self.stepsPerEpoch = stepsPerEpoch
    self.imagesPerStep = imagesPerStep
    self.surroundings = surroundings
    stepTime = surroundings.now()
    shownTime = stepTime
  }

  /// Begins an epoch, counted from 0, of which `step` steps were done before.
  package mutating func start(epoch: Int, step: Int = 0) {
    self.epoch = epoch
    self.step = step
    stepTime = surroundings.now()
  }

  /// Says that `step` steps of the epoch are done; loss and error, in per cent, are its means.
  package mutating func update(step: Int, loss: Double?, error: Double?) {
    let now = surroundings.now()
    rate.add(images: (step - self.step) * imagesPerStep, seconds: now - stepTime)
    self.step = step
    stepTime = now
    let width = surroundings.width()
    let interval = width == nil ? ProgressLine.lineInterval : ProgressLine.redrawInterval
    if now - shownTime < interval { return }
    shownTime = now
    let parts = Parts(
      epoch: "epoch \(epoch + 1)/\(epochs)", steps: "\(step)/\(stepsPerEpoch)",
      loss: loss.map { String(format: "loss %.3f", $0) },
      error: error.map { String(format: "err %.1f%%", $0) },
      rate: rate.value.map { String(format: $0 < 10 ? "%.1f img/s" : "%.0f img/s", $0) },
      remaining: remainingSeconds.map { "ETA " + ProgressLine.text(seconds: $0) },
      fraction: Double(step) / Double(max(stepsPerEpoch, 1)))
    if let width {
      draw(parts.line(columns: width - 1), columns: width - 1)
    } else {
      surroundings.write(parts.line + "\n")
    }
  }

  /// Ends the epoch, its testing included, with a line that stays.
  package mutating func finishEpoch(_ line: String) {
    let now = surroundings.now()
    pause = now - stepTime
    message(line)
    shownTime = now
  }

  /// Shows a line that stays, in the place of the line that is redrawn.
  package mutating func message(_ line: String) {
    clear()
    surroundings.write(line + "\n")
  }

  /// Removes the line that is redrawn, before something else is written.
  package mutating func clear() {
    if drawnColumns > 0, let width = surroundings.width() {
      draw("", columns: width - 1)
      surroundings.write("\r")
    }
    drawnColumns = 0
  }

  /// Seconds until the run's end, its tests included; nil before the rate is known.
  package var remainingSeconds: Double? {
    guard let imagesPerSecond = rate.value, imagesPerSecond > 0 else { return nil }
    let epochsAfter = max(epochs - epoch - 1, 0)
    let steps = Double(max(stepsPerEpoch - step, 0)) + Double(epochsAfter) * Double(stepsPerEpoch)
    return steps * Double(imagesPerStep) / imagesPerSecond + Double(epochsAfter + 1) * pause
  }

  /// A time such as 0:07, 1:52, 2:03:04 or 3d 04h.
  package static func text(seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "--:--" }
    let all = Int(max(seconds, 0).rounded())
    let (days, hours, minutes) = (all / 86400, all / 3600 % 24, all / 60 % 60)
    if days > 0 { return String(format: "%dd %02dh", days, hours) }
    if hours > 0 { return String(format: "%d:%02d:%02d", hours, minutes, all % 60) }
    return String(format: "%d:%02d", minutes, all % 60)
  }

  private mutating func draw(_ line: String, columns: Int) {
    // Spaces, not an escape sequence, remove the rest of a longer line: they work everywhere.
    let rest = max(min(drawnColumns, columns) - line.utf8.count, 0)
    surroundings.write("\r" + line + String(repeating: " ", count: rest))
    drawnColumns = line.utf8.count
  }
}

/// The parts of a progress line, all of ASCII.
private struct Parts {
  let epoch: String
  let steps: String
  let loss: String?
  let error: String?
  let rate: String?
  let remaining: String?
  /// The share of the epoch that is done.
  let fraction: Double

  /// All parts but the bar.
  var line: String {
    [epoch, steps, loss, error, rate, remaining].compactMap(\.self).joined(separator: " ")
  }

  /// As many parts as fit, the important ones first, and a bar in what is left.
  func line(columns: Int) -> String {
    var dropped: Set<Int> = []
    let parts = [epoch, steps, loss, error, rate, remaining]
    func joined() -> String {
      parts.enumerated().filter { !dropped.contains($0.offset) }.compactMap(\.element)
        .joined(separator: " ")
    }
    for index in [4, 3, 2, 5] where joined().utf8.count > columns { dropped.insert(index) }
    let text = joined()
    let inside = min(columns - text.utf8.count - 3, 40)
    guard inside >= 5, !text.isEmpty else { return String(text.prefix(max(columns, 0))) }
    return epoch + " " + bar(inside) + text.dropFirst(epoch.utf8.count)
  }

  private func bar(_ inside: Int) -> String {
    let done = Int((min(max(fraction, 0), 1) * Double(inside)).rounded(.down))
    let arrow = done < inside ? ">" : ""
    return "[" + String(repeating: "=", count: done) + arrow
      + String(repeating: " ", count: inside - done - arrow.utf8.count) + "]"
  }
}

/// Images a second, of which the last ten seconds or so count most.
private struct SmoothedRate {
  private var images = 0.0
  private var seconds = 0.0

  mutating func add(images: Int, seconds: Double) {
    guard seconds > 0 else { return self.images += Double(images) }
    let kept = exp(-seconds / 10)
    self.images = self.images * kept + Double(images)
    self.seconds = self.seconds * kept + seconds
  }

  /// Nil before the first images.
  var value: Double? { seconds > 0 && images > 0 ? images / seconds : nil }
}
