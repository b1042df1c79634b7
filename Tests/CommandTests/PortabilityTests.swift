import Autotuner
import Foundation
import Operators
import Testing

/// A part of `make portability`, another one each day.
@Suite(.serialized)
struct PortabilityTests {
  private static let runner = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "portability/run.py").path
  private static let python = "/usr/bin/python3"
  private static let checker = "/usr/bin/oclgrind"

  /// Days since 1970.
  private static let day = Int(Date().timeIntervalSince1970 / 86_400)

  /// Those with kernels of our own.
  private static let operations = allOperations.map { $0.name }
    .filter { $0 != MatrixProduct.name }

  @Test(
    "today's operation is right by pocl's other method, no access of it is reported, and a bug is",
    .enabled(
      if: [checker, python].allSatisfy(FileManager.default.isExecutableFile),
      "install oclgrind and python3, as .ci/run does"))
  func today() throws {
    let bugs = [
      "missing-barrier", "divergent-barrier", "no-start-value", "global-out-of-bounds",
      "local-out-of-bounds",
    ]
    let arguments = [
      "--widecl", Command.folder.appending(path: "widecl").path, "--seed", "\(Self.day)",
      "--only", "pocl, work-groups by cbs", "Oclgrind",
      "--op", Self.operations[Self.day % Self.operations.count], "--largest", "3e3",
      "--bugs", bugs[Self.day % bugs.count],
    ]
    let process = Process()
    process.executableURL = URL(filePath: Self.python)
    process.arguments = [Self.runner] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(
      decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    print(text)
    #expect(process.terminationStatus == 0, "\(arguments): \(text)")
  }
}
