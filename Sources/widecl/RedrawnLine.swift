import Training

/// A line on a terminal that the next one takes the place of.
struct RedrawnLine {
  private let surroundings = ProgressLine.Surroundings.standardError
  private var columns = 0

  /// Shows as much of the text as a terminal of so many columns holds.
  mutating func draw(_ text: String, width: Int) {
    clear()
    let line = String(text.prefix(width - 1))
    surroundings.write(line)
    columns = line.utf8.count
  }

  /// Removes the line, before something else is written.
  mutating func clear() {
    guard columns > 0 else { return }
    surroundings.write("\r" + String(repeating: " ", count: columns) + "\r")
    columns = 0
  }
}
