import Autotuner
import DeviceRuntime
import Operators
import Testing

/// Which of the shipped results a device takes.
struct ShippedResultsTests {
  private static let pocl = "Portable Computing Language"
  private static let shipped = TuningDatabase(shippedWith: KernelLibrary())

  private static func processor(_ name: String, width: Int) -> DeviceInfo {
    .madeUp(name, driver: "5.0", platform: pocl, vendor: "any", width: width)
  }

  /// The names in the shipped files whose results are worth a try on a device.
  private func sources(of device: DeviceInfo) -> [String] {
    let key = TuningDatabase.DeviceKey(device)
    return Self.shipped.devices.map(\.device).filter { $0.isSameClass(as: key) }.map(\.name)
  }

  private static let problem = BatchNormReLUBackward.Problem(
    rows: 8192, channels: 128, withAddend: true)

  /// What the shipped results of a device give for `problem`.
  private func best(of name: String) throws -> BatchNormReLUBackward.Configuration {
    let results = try #require(Self.shipped.devices.first { $0.device.name.contains(name) })
    let info = DeviceInfo.madeUp(
      results.device.name, driver: results.device.driver, platform: results.device.platform,
      vendor: results.device.vendor, width: results.device.nativeFloatWidth)
    let choice = TunedChooser([Self.shipped]).choice(
      for: BatchNormReLUBackward.self, Self.problem, on: info)
    #expect(choice.source <= .nearest)
    return choice.configuration
  }

  // pocl names LLVM's processor, or the library of built-in functions where Debian made it.
  @Test(
    "processors with AVX2 take the results of AVX2, whatever their names",
    arguments: [
      "pthread-haswell-Intel(R) Core(TM) i7-4770K CPU @ 3.50GHz", "pthread-haswell-AMD Ryzen 5",
      "pthread-skylake-Intel(R) Core(TM) i5-6600", "pthread-znver2-AMD EPYC 7502P",
      "cpu-alderlake-12th Gen Intel(R) Core(TM) i7",
    ])
  func avx2(name: String) throws {
    let device = Self.processor(name, width: 8)
    #expect(sources(of: device) == ["pthread-haswell-AMD EPYC"])
    let choice = TunedChooser([Self.shipped]).choice(
      for: BatchNormReLUBackward.self, Self.problem, on: device)
    #expect(choice.source == .deviceClass)
    #expect(try choice.configuration == best(of: "pthread-haswell"))
  }

  @Test(
    "processors with AVX-512 take the results of AVX-512",
    arguments: [
      "pthread-skylake-avx512-Intel(R) Xeon(R) Gold 6148", "pthread-icelake-server-Intel(R) Xeon",
      "cpu-znver4-AMD EPYC 9354",
    ])
  func avx512(name: String) throws {
    let device = Self.processor(name, width: 16)
    #expect(sources(of: device) == ["pthread-skylake-avx512-AMD EPYC"])
    let choice = TunedChooser([Self.shipped]).choice(
      for: BatchNormReLUBackward.self, Self.problem, on: device)
    #expect(choice.source == .deviceClass)
    #expect(try choice.configuration == best(of: "pthread-skylake-avx512"))
  }

  @Test("shipped results are not taken on processors without vectors or on GPUs")
  func others() {
    #expect(sources(of: Self.processor("pthread-penryn", width: 4)).isEmpty)
    #expect(sources(of: .madeUp("gpu", platform: Self.pocl, kind: .gpu)).isEmpty)
    #expect(sources(of: .madeUp("cpu", platform: "Intel(R) OpenCL", width: 8)).isEmpty)
  }
}
