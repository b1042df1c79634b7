import Datasets
import Foundation
import Training

/// Shows how far a download is: a line that is redrawn on a terminal, a line a file elsewhere.
struct FetchProgress {
  private let surroundings = ProgressLine.Surroundings.standardError
  private var file = ""
  private var firstBytes = 0
  private var firstTime = 0.0
  private var shownTime = 0.0
  private var isDrawn = false

  mutating func show(_ event: DatasetFetch.Event) {
    switch event {
    case .downloading(let file, let bytes, let size):
      show(file: file, bytes: bytes, size: size)
    case .unpacking(let file): message("unpacking \(file)")
    case .checking: message("checking every image")
    }
  }

  private mutating func show(file: String, bytes: Int, size: Int) {
    let now = surroundings.now()
    if file != self.file {
      clear()
      (self.file, firstBytes, firstTime, shownTime) = (file, bytes, now, 0)
      if surroundings.width() == nil {
        surroundings.write("downloading \(file), \(Self.text(bytes: size))\n")
      }
    }
    guard let width = surroundings.width(), now - shownTime >= ProgressLine.redrawInterval else {
      return
    }
    shownTime = now
    let rate = Double(bytes - firstBytes) / max(now - firstTime, 0.1)
    let remaining = rate > 0 ? Double(size - bytes) / rate : .infinity
    let line =
      "\(file)  \(Self.text(bytes: bytes)) of \(Self.text(bytes: size))  "
      + "\(Self.text(bytes: Int(rate)))/s  ETA \(ProgressLine.text(seconds: remaining))"
    surroundings.write("\r" + line.padded(to: width - 1).prefix(width - 1))
    isDrawn = true
  }

  private mutating func message(_ text: String) {
    clear()
    surroundings.write(text + "\n")
  }

  /// Ends the line that is redrawn, before something else is written.
  mutating func clear() {
    if isDrawn { surroundings.write("\n") }
    isDrawn = false
  }

  private static func text(bytes: Int) -> String {
    bytes < 1 << 20
      ? String(format: "%.1f KiB", Double(bytes) / 1024)
      : String(format: "%.1f MiB", Double(bytes) / 1_048_576)
  }
}
