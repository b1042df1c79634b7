import Testing
import Training

@testable import Exchange

@Suite struct PyTorchModuleTests {
  /// `make check-exchange` runs such modules.
  @Test func theModuleIsTheNetwork() throws {
    let checkpoint = try ExampleCheckpoint.make("wrn-10-1", dropout: 0.3)
    #expect(try checkpoint.pyTorchModule(file: "test") == golden("wrn_10_1.py"))
  }
}
