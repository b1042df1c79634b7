import Autotuner
import Foundation
import Testing

/// The faults of drivers that a check names.
struct DriverFaultTests {
  @Test("each has a row in docs/drivers.md")
  func rows() throws {
    let page = URL(filePath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "docs/drivers.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    for fault in DriverFault.all {
      #expect(text.contains("| [`\(fault.name)`](#\(fault.name)) |"), "\(fault.name)")
    }
  }
}
