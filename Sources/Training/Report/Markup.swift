import Foundation

/// Text for HTML and SVG.
package enum Markup {
  /// The text with everything escaped that means something in HTML, in elements and attributes.
  package static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.harmless(limit: 2000).unicodeScalars {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }

  /// A number with as many digits as its size needs, for axes and tables.
  package static func number(_ value: Double) -> String {
    guard value.isFinite else { return "-" }
    let size = abs(value)
    if size >= 1e6 || (size > 0 && size < 1e-3) { return trimmed(value, "%.2e") }
    return trimmed(value, size >= 100 ? "%.0f" : size >= 1 ? "%.2f" : "%.4f")
  }

  /// A value in per cent, unbroken; a dash for none.
  package static func percent(_ value: Double?) -> String {
    value.map { String(format: "%.2f\u{a0}%%", $0) } ?? "-"
  }

  /// A time of `seconds` in the units that its length asks for, unbroken.
  package static func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<60: String(format: "%.1f\u{a0}s", seconds)
    case ..<3600: String(format: "%.1f\u{a0}minutes", seconds / 60)
    case ..<172_800: String(format: "%.1f\u{a0}hours", seconds / 3600)
    default: String(format: "%.1f\u{a0}days", seconds / 86400)
    }
  }

  private static func trimmed(_ value: Double, _ format: String) -> String {
    var text = String(format: format, value)
    guard text.contains("."), !text.contains("e") else { return text }
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }

  /// A page without any outside reference; `body` is markup.
  package static func page(title: String, body: String) -> String {
    """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(escaped(title))</title>
    <link rel="icon" href="data:,">
    <style>\(Report.style)</style></head><body><main>
    <h1>\(escaped(title))</h1>
    \(body)
    </main></body></html>

    """
  }

  /// A table whose first row is its head; cells are texts, not markup.
  package static func table(head: [String], rows: [[String]]) -> String {
    func row(_ cells: [String], _ tag: String) -> String {
      "<tr>" + cells.map { "<\(tag)>\(escaped($0))</\(tag)>" }.joined() + "</tr>\n"
    }
    return "<div class=\"scroll\"><table>\n<thead>\(row(head, "th"))</thead>\n<tbody>"
      + rows.map { row($0, "td") }.joined() + "</tbody></table></div>\n"
  }
}
