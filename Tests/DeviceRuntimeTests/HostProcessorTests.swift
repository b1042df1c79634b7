import Foundation
import Testing

@testable import DeviceRuntime

/// What is read of the processor that this runs on.
struct HostProcessorTests {
  private func processor(
    _ files: [String: String], floatWidth: Int = 8
  ) throws -> HostProcessor {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "caches-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    for (path, text) in files {
      let file = folder.appendingPathComponent(path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    return HostProcessor(
      floatWidth: floatWidth, caches: folder.path,
      description: folder.appendingPathComponent("cpuinfo").path)
  }

  @Test func caches() throws {
    let found = try processor([
      "index0/level": "1\n", "index0/type": "Instruction\n", "index0/size": "64K\n",
      "index1/level": "1\n", "index1/type": "Data\n", "index1/size": "48K\n",
      "index2/level": "2\n", "index2/type": "Unified\n", "index2/size": "2M\n",
      "index3/level": "3\n", "index3/type": "Unified\n", "index3/size": "32768K\n",
    ])
    #expect(found.level1Cache == 48 << 10 && found.level2Cache == 2 << 20)
    #expect(found.level3Cache == 32 << 20)
  }

  @Test(
    "what is missing or makes no sense is not known",
    arguments: ["", "K", "12345678901234567890K", "99999999999999999K", "-1K"])
  func unknown(size: String) throws {
    #expect(try processor([:]).level2Cache == 0)
    let files = ["index0/level": "2", "index0/type": "Unified", "index0/size": size]
    #expect(try processor(files).level2Cache == 0)
  }

  @Test(
    "of a processor's kind follows what starts in a cycle and what its shared cache gives",
    arguments: [
      ("AuthenticAMD", "25", 16, 1, 16), ("AuthenticAMD", "25", 8, 2, 16),
      ("AuthenticAMD", "26", 16, 2, 16), ("GenuineIntel", "6", 16, 2, 10),
      ("Other", "25", 16, 0, 0),
    ])
  func kind(
    vendor: String, family: String, floatWidth: Int, multiplyAdds: Int, bandwidth: Int
  ) throws {
    let found = try processor(
      [
        "cpuinfo": """
        processor\t: 0
        vendor_id\t: \(vendor)
        cpu family\t: \(family)
        power management:

        processor\t: 1
        vendor_id\t: another
        cpu family\t: 0
        """
      ], floatWidth: floatWidth)
    #expect(found.multiplyAddsPerCycle == multiplyAdds)
    #expect(found.level3Bandwidth == bandwidth)
  }

  @Test func coresFromTheFirstOn() {
    for (list, last) in [("0-1\n", 1), ("0", 0), (" 0-127", 127)] {
      #expect(HostProcessor.lastOfWholeRange(list) == last)
    }
    for list in ["", "1", "1-3", "0,2", "0-1,4-5", "0-", "x"] {
      #expect(HostProcessor.lastOfWholeRange(list) == nil, "\(list)")
    }
  }

  @Test func registers() {
    #expect(HostProcessor(floatWidth: 16).vectorRegisters == 32)
    #if arch(x86_64)
      #expect(HostProcessor(floatWidth: 8).vectorRegisters == 16)
      #expect(HostProcessor(floatWidth: 4).vectorRegisters == 16)
    #endif
  }

  @Test func vectorsThatPoclIsTold() {
    #expect(HostProcessor.poclFloatWidth([:]) == nil)
    let widths = ["avx2": 8, "avx": 8, "sse41": 4, "sse2": 4, "avx512": 16, "skylake-avx512": 16]
    for (library, width) in widths {
      #expect(HostProcessor.poclFloatWidth(["POCL_KERNELLIB_NAME": library]) == width)
    }
  }
}
