import Autotuner
import Foundation
import Operators
import TestSupport
import Testing

/// A part of `make portability`, which WIDECL_TEST_SEED chooses.
@Suite(.serialized)
struct PortabilityTests {
  private static let runner = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "portability/run.py").path
  private static let python = "/usr/bin/python3"
  private static let checker = "/usr/bin/oclgrind"
  private static let areInstalled = [checker, python].allSatisfy(
    FileManager.default.isExecutableFile)
  private static let advice: Comment = "install oclgrind and python3, as make test does"

  private static let seed = TestSeed.value(for: "portability")

  /// Those with kernels of our own.
  private static let operations = allOperations.map { $0.name }
    .filter { $0 != MatrixProduct.name }

  private static let bugs = [
    "missing-barrier", "divergent-barrier", "no-start-value", "global-out-of-bounds",
    "local-out-of-bounds",
  ]

  private static func chosen(of names: [String]) -> String {
    names[Int(seed % UInt64(names.count))]
  }

  @Test(
    "an operation is right by pocl's other method and its code for another processor, no access of it is reported, and a bug is",
    .enabled(if: areInstalled, advice))
  func operation() throws {
    try run(
      "--only", "pocl, without vectorisers", "Oclgrind", "--other-code",
      "--op", Self.chosen(of: Self.operations), "--largest", "3e3",
      "--bugs", Self.chosen(of: Self.bugs))
  }

  @Test(
    "images are augmented right by pocl's code for another processor",
    .enabled(if: areInstalled, advice))
  func augmentation() throws {
    try run("--only", "--other-code", "--full", "--op", Augment.name, "--bugs")
  }

  private func run(_ selection: String...) throws {
    let arguments =
      ["--widecl", Command.folder.appending(path: "widecl").path, "--seed", "\(Self.seed)"]
      + selection
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
