import Autotuner
import DeviceRuntime
import Foundation
import Operators
import TestSupport
import Testing

/// What the toolchain's clang and a reader can say about the kernels without a device.
@Suite
struct KernelLintTests {
  private static let variants = KernelVariant.all()
  private static let readme = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Kernels/README.md").standardized

  @Test func everyKernelCompilesWithoutWarnings() throws {
    let clang = try Clang()
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "kernel-lint-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var files: [String] = []
    // The default and two more of each; the rest differ in numbers only.
    let variants = KernelVariant.all(configurations: 3)
    for (number, variant) in variants.enumerated() {
      let file = folder.appending(path: "\(number).cl")
      try Data(variant.text().utf8).write(to: file)
      files.append(file.path)
    }
    // A run for many files: starting a process takes longer than a kernel.
    for start in stride(from: 0, to: files.count, by: 50) {
      let end = min(start + 50, files.count)
      if try clang.accepts(Array(files[start..<end])).accepted { continue }
      for index in start..<end {
        let result = try clang.accepts([files[index]])
        if !result.accepted { Issue.record("\(variants[index])\n\(result.log)") }
      }
    }
  }

  @Test func everyFileIsUsed() throws {
    var used: Set<String> = []
    for variant in Self.variants {
      for line in try KernelLibrary().source(variant.source).split(separator: "\n")
      where line.hasPrefix("#line 1 \"") {
        used.insert(String(line.split(separator: "\"")[1]))
      }
    }
    let unused = Set(KernelLibrary.embeddedPaths).subtracting(used).sorted()
    #expect(unused.isEmpty, "no operation of allOperations uses them")
  }

  @Test func everyEntryPointIsUsed() throws {
    let used = Set(Self.variants.flatMap(\.entryPoints))
    var written: Set<String> = []
    for path in KernelLibrary.embeddedPaths {
      let parts = try KernelLibrary().source(path).components(separatedBy: "__kernel").dropFirst()
      for part in parts {
        let name = part.components(separatedBy: "void ").dropFirst().first?
          .prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        written.insert(String(try #require(name, "a kernel without a name in \(path)")))
      }
    }
    #expect(written.subtracting(used).sorted().isEmpty, "no operation of allOperations calls them")
    #expect(used.subtracting(written).sorted().isEmpty, "no kernel has these names")
  }

  @Test func everyFileOfTheFolderIsInTheBinary() throws {
    let folder = Self.readme.deletingLastPathComponent().path
    let inFolder = try FileManager.default.subpathsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".cl") || $0.hasSuffix(".clh") }
    #expect(inFolder.sorted() == KernelLibrary.embeddedPaths.sorted(), "kernels.c lists them")
  }

  @Test func everyMacroIsInTheVocabulary() throws {
    let vocabulary = try String(contentsOf: Self.readme, encoding: .utf8)
    let unknown = Set(Self.variants.flatMap { $0.macros.map(\.name) })
      .filter { !vocabulary.contains("`\($0)`") }
    #expect(unknown.sorted().isEmpty, "Kernels/README.md explains every macro")
  }
}

/// A kernel file with the macros of one configuration.
private struct KernelVariant: CustomStringConvertible {
  var source: String
  var macros: [Macro]
  var entryPoints: Set<String>

  /// The first `configurations` candidates of every operation's examples, on a CPU and on a GPU.
  static func all(configurations: Int = .max) -> [KernelVariant] {
    var cpu = DeviceInfo.planning
    cpu.computeUnits = 8
    var gpu = cpu
    gpu.kind = .gpu
    gpu.localMemory = 32 << 10
    gpu.hasDedicatedLocalMemory = true
    var variants: [[String]: KernelVariant] = [:]
    for operation in allOperations {
      for device in [cpu, gpu] {
        add(operation, device, configurations, to: &variants)
      }
    }
    return variants.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
  }

  private static func add<Operation: TunableOperation>(
    _ operation: Operation.Type, _ device: DeviceInfo, _ configurations: Int,
    to variants: inout [[String]: KernelVariant]
  ) {
    for problem in Operation.exampleProblems {
      for configuration in Operation.candidates(for: problem, on: device).prefix(configurations) {
        for case .kernel(let launch) in Operation.plan(problem, configuration).launches {
          let key = [launch.source] + launch.macros.map { "\($0.name)=\($0.value)" }
          variants[
            key,
            default: KernelVariant(source: launch.source, macros: launch.macros, entryPoints: [])
          ].entryPoints.insert(launch.entryPoint)
        }
      }
    }
  }

  /// The source as a driver gets it, its macros in front.
  func text() throws -> String {
    try macros.map { "#define \($0.name) \($0.value)\n" }.joined() + KernelLibrary().source(source)
  }

  var description: String {
    "\(source) \(macros.map { "-D\($0.name)=\($0.value)" }.joined(separator: " "))"
  }
}

extension Clang {
  fileprivate func accepts(_ files: [String]) throws -> (accepted: Bool, log: String) {
    let (succeeded, log) = try run(
      [
        "-x", "cl", "-cl-std=CL1.2", "-target", "spir64", "-fsyntax-only", "-Wall", "-Wextra",
        "-Wundef", "-Werror", "-Xclang", "-fdeclare-opencl-builtins", "-Xclang",
        "-finclude-default-header",
      ] + files)
    return (succeeded, log)
  }
}
