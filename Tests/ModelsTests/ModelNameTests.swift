import Foundation
import Models
import Testing

struct ModelNameTests {
  @Test(arguments: [
    ("wrn-28-10", "wrn-28-10"), ("WRN-16-4", "wrn-16-4"),
    ("wrn-40-2-b(1,3,1)", "wrn-40-2-b(1,3,1)"),
    ("wrn-40-2-B(3, 3)", "wrn-40-2"), ("PreAct-ResNet-1001", "preact-resnet-1001"),
  ])
  func namesAreRead(text: String, name: String) throws {
    #expect(try ModelName(parsing: text).model().name == name)
  }

  @Test(arguments: [
    "", "wrn", "wrn-28", "wrn-28-", "wrn-x-1", "resnet-18", "wrn-28-10-", "wrn-28-10-b",
    "wrn-10-1-b()",
    "wrn-10-1-b(3,x)", "wrn-28-10-b(3,3", "wrn-99999999999999999999-1", "vrn-28-10", "wrn--28-10",
    "preact-resnet", "preact-resnet-", "preact-resnet-164-2", "preact-resnet-x",
  ])
  func otherNamesAreRefused(text: String) {
    #expect(throws: ModelError.self) { try ModelName(parsing: text).model() }
  }

  @Test(arguments: [
    "wrn-4-1", "wrn-15-1", "wrn-16-0", "wrn-16-1001", "wrn-16-1-b(2,3)", "preact-resnet-2",
    "preact-resnet-111", "preact-resnet-170", "preact-resnet-99992", "preact-resnet--7",
  ])
  func impossibleSizesAreRefused(text: String) {
    #expect(throws: ModelError.self) { try ModelName(parsing: text).model() }
  }

  @Test func depthRulesDiffer() throws {
    let name = try ModelName(parsing: "wrn-22-2-b(3,1,3)")
    #expect(try name.model().blocksPerGroup == 3)
    #expect(try name.model(depthRule: .threeLNPlusFour).blocksPerGroup == 2)
    #expect(try name.model(blocksPerGroup: 5).blocksPerGroup == 5)
  }

  @Test func blocksOfPreactivationResNets() throws {
    for (depth, blocks) in [(8, 1), (110, 18), (164, 18), (1001, 111)] {
      let name = try ModelName(parsing: "preact-resnet-\(depth)")
      #expect(try name.model().blocksPerGroup == blocks)
      #expect(throws: ModelError.self) { try name.model(blocksPerGroup: 3) }
      #expect(throws: ModelError.self) { try name.model(dropout: 1) }
    }
  }

  @Test(arguments: ["wrn-40-2-b(1,3,1)", "preact-resnet-110", "preact-resnet-164"])
  func modelsSurviveFiles(name: String) throws {
    let model = try ModelName(parsing: name).model(dropout: 0.3, unitGamma: true)
    let bytes = try JSONEncoder().encode(model)
    #expect(try JSONDecoder().decode(Model.self, from: bytes).checked() == model)
  }

  @Test func modelsOfFilesAreChecked() throws {
    for (text, key) in [
      (
        #"{"family":"preact-resnet","depth":111,"hasBottlenecks":false,"dropout":0,"unitGamma":false}"#,
        "depth"
      ),
      (
        #"{"family":"preact-resnet","depth":110,"hasBottlenecks":true,"dropout":1.5,"unitGamma":false}"#,
        "dropout"
      ),
    ] {
      let model = try JSONDecoder().decode(Model.self, from: Data(text.utf8))
      #expect(throws: ModelError.self, "\(key)") { try model.checked() }
    }
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(Model.self, from: Data(#"{"family":"vgg","depth":16}"#.utf8))
    }
  }
}
