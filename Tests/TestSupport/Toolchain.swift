import Foundation

/// The clang that comes with the Swift that builds the tests.
package struct Clang {
  package let path: String

  package init() throws {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    guard
      let swift = folders.map({ "\($0)/swift" }).first(where: {
        FileManager.default.isExecutableFile(atPath: $0)
      })
    else { throw Missing(description: "swift is not in PATH") }
    let folder = URL(fileURLWithPath: swift).resolvingSymlinksInPath().deletingLastPathComponent()
    // Beside the program itself or, where that is another tool's proxy, beside its link.
    let places = [folder.path, String(swift.dropLast("/swift".count))]
    guard
      let path = places.map({ "\($0)/clang" }).first(where: {
        FileManager.default.isExecutableFile(atPath: $0)
      })
    else { throw Missing(description: "no clang beside \(swift)") }
    self.path = path
  }

  /// Whether it ended with status 0, and what it wrote on standard error.
  package func run(_ arguments: [String]) throws -> (succeeded: Bool, log: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    let log = Pipe()
    process.standardError = log
    try process.run()
    let text = log.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus == 0, String(decoding: text, as: UTF8.self))
  }

  private struct Missing: Error, CustomStringConvertible {
    var description: String
  }
}
