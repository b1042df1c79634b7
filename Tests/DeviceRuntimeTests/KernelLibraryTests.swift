import Foundation
import TestSupport
import Testing

@testable import DeviceRuntime

@Suite struct KernelLibraryTests {
  private let repository = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private func kernelFiles() throws -> [String] {
    let folder = repository.appending(path: "Kernels")
    return try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".cl") || $0.hasSuffix(".clh") }.sorted()
  }

  @Test func binaryHasExactlyTheKernelFiles() throws {
    #expect(try KernelLibrary.embeddedPaths.sorted() == kernelFiles())
  }

  @Test func embeddedSourcesAreThoseOfTheFiles() throws {
    let folder = KernelLibrary(directory: repository.appending(path: "Kernels"))
    for path in try kernelFiles() {
      #expect(try KernelLibrary().source(path) == folder.source(path), "\(path)")
    }
  }

  @Test func theDigestTellsChangesOfEveryFile() throws {
    let folder = try ScratchFolder(["a/a.cl": "int a;\n", "a/b.clh": "int b;\n", "c.txt": "c\n"])
    var digests = [folder.kernels.digest]
    for path in ["a/a.cl", "a/b.clh"] {
      try folder.write("int other;\n", to: path)
      digests.append(folder.kernels.digest)
    }
    #expect(Set(digests).count == 3 && !digests.contains(nil))
    try folder.write("other\n", to: "c.txt")
    #expect(folder.kernels.digest == digests.last)
    #expect(!folder.kernels.isEmpty)
    #expect(try ScratchFolder(["c.txt": "c"]).kernels.isEmpty)
  }

  @Test func includesArePutInOnceWithTheirLineNumbers() throws {
    let folder = try ScratchFolder([
      "a/a.cl": "// a\n#include \"common/b.clh\"\n#include \"common/c.clh\"  // again\nint a;\n",
      "common/b.clh": "#include \"common/c.clh\"\nint b;",
      "common/c.clh": "#include \"a/a.cl\"\nint c;",
    ])
    #expect(
      try folder.kernels.source("a/a.cl") == """
        #line 1 "a/a.cl"
        // a
        #line 1 "common/b.clh"
        #line 1 "common/c.clh"

        int c;
        #line 2 "common/b.clh"
        int b;
        #line 3 "a/a.cl"

        int a;


        """)
  }

  @Test func linesThatEndAsOnWindows() throws {
    let folder = try ScratchFolder([
      "a.cl": "#include \"b.clh\"\r\nint a;\r\n", "b.clh": "int b;\r\n",
    ])
    #expect(
      try folder.kernels.source("a.cl")
        == "#line 1 \"a.cl\"\n#line 1 \"b.clh\"\nint b;\n\n#line 2 \"a.cl\"\nint a;\n\n")
  }

  @Test func unknownFile() throws {
    let embedded = #expect(throws: CLError.self) { try KernelLibrary().source("no/such.cl") }
    #expect(embedded?.function == "reading the kernel no/such.cl")
    #expect(embedded?.detail == "no such file in the binary")
    let folder = try ScratchFolder()
    let file = #expect(throws: CLError.self) { try folder.kernels.source("no/such.cl") }
    #expect(file?.detail.contains(folder.url.path) == true)
  }

  @Test func unknownIncludeSaysWhereItIs() throws {
    let folder = try ScratchFolder(["a.cl": "\n#include \"common/no.clh\"\n"])
    let error = #expect(throws: CLError.self) { try folder.kernels.source("a.cl") }
    #expect(error?.function == "reading the kernel common/no.clh")
    #expect(error?.detail.hasSuffix(", included by a.cl:2") == true)
  }

  @Test func fileThatIsNotText() throws {
    let folder = try ScratchFolder()
    try Data([0x69, 0xff, 0xfe]).write(to: folder.url.appending(path: "a.cl"))
    #expect(throws: CLError.self) { try folder.kernels.source("a.cl") }
  }

  @Test func folderOverridesTheBinaryAndIsReadAnew() throws {
    let test = try TestDevice()
    let folder = try ScratchFolder(["fill/fill.cl": "__kernel void first(void) {}"])
    let device = test.context.device
    do {
      let context = try test.manager.makeContext(on: device, kernels: folder.kernels)
      #expect(try context.kernel("fill/fill.cl", entryPoint: "first").argumentCount == 0)
      #expect(throws: CLError.self) { try context.kernel("fill/fill.cl", entryPoint: "fill") }
    }
    try folder.write("__kernel void second(int x) {}", to: "fill/fill.cl")
    let context = try test.manager.makeContext(on: device, kernels: folder.kernels)
    #expect(try context.kernel("fill/fill.cl", entryPoint: "second").argumentCount == 1)
  }

  @Test func buildErrorsPointIntoTheFiles() throws {
    let test = try TestDevice()
    let folder = try ScratchFolder([
      "op/op.cl": "// op\n#include \"common/one.clh\"\n\n__kernel void op(void) { wrong(); }\n",
      "op/inner.cl": "#include \"common/two.clh\"\n__kernel void inner(void) {}\n",
      "common/one.clh": "int one;\n",
      "common/two.clh": "// two\nint two = missing;\n",
    ])
    let context = try test.manager.makeContext(
      on: test.context.device, kernels: folder.kernels)
    let error = #expect(throws: CLError.self) {
      try context.kernel("op/op.cl", entryPoint: "op", macros: [Macro("TILE_M", 64)])
    }
    #expect(error?.name == "CL_BUILD_PROGRAM_FAILURE")
    #expect(error?.function == "building op/op.cl")
    #expect(error?.detail.contains("-DTILE_M=64") == true)
    #expect(error?.detail.contains("op/op.cl:4") == true)
    let inner = #expect(throws: CLError.self) {
      try context.kernel("op/inner.cl", entryPoint: "inner")
    }
    #expect(inner?.detail.contains("common/two.clh:2") == true)
  }
}
