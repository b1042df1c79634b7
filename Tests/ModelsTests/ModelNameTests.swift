import Foundation
import Models
import Testing

struct ModelNameTests {
  @Test(arguments: [
    ("wrn-28-10", "wrn-28-10"), ("WRN-16-4", "wrn-16-4"),
    ("wrn-40-2-b(1,3,1)", "wrn-40-2-b(1,3,1)"),
    ("wrn-40-2-B(3, 3)", "wrn-40-2"), ("PreAct-ResNet-1001", "preact-resnet-1001"),
    ("ResNet-110", "resnet-110"), ("resnet-50", "resnet-50"), ("wrn-18-1.5", "wrn-18-1.5"),
    ("wrn-34-2.0", "wrn-34-2"), ("wrn-18-1", "resnet-18"), ("wrn-34-10-b(3,3)", "wrn-34-10-b(3,3)"),
    ("stochastic-depth-110", "stochastic-depth-110"),
    ("WRN-50-2-bottleneck", "wrn-50-2-bottleneck"), ("preact-resnet-200", "preact-resnet-200"),
    ("NIN", "nin"), ("DSN", "dsn"), ("FitNet-19", "fitnet-19"), ("highway-19", "highway-19"),
    ("ELU-11", "elu-11"), ("elu-18", "elu-18"),
  ])
  func namesAreRead(text: String, name: String) throws {
    #expect(try ModelName(parsing: text).model().name == name)
  }

  @Test(arguments: [
    "", "wrn", "wrn-28", "wrn-28-", "wrn-x-1", "resnet", "resnet-x", "wrn-28-10-", "wrn-28-10-b",
    "wrn-10-1-b()",
    "wrn-10-1-b(3,x)", "wrn-28-10-b(3,3", "wrn-99999999999999999999-1", "vrn-28-10", "wrn--28-10",
    "preact-resnet", "preact-resnet-", "preact-resnet-164-2", "preact-resnet-x",
    "wrn-28-2-bottleneck", "wrn-18-2-bottleneck", "wrn-18-1e1", "wrn-18-nan", "wrn-18--1",
    "wrn-18-1.5.2", "wrn-28-1.5", "resnet-18-2", "nin-3", "elu", "elu-12", "highway-32",
  ])
  func otherNamesAreRefused(text: String) {
    #expect(throws: ModelError.self) { try ModelName(parsing: text).model() }
  }

  @Test(arguments: [
    "wrn-4-1", "wrn-15-1", "wrn-16-0", "wrn-16-1001", "wrn-16-1-b(2,3)", "preact-resnet-2",
    "preact-resnet-111", "preact-resnet-170", "preact-resnet-99992", "preact-resnet--7",
    "resnet-111", "resnet-2", "stochastic-depth-50-1", "stochastic-depth-111", "wrn-18-0",
    "wrn-18-33", "wrn-18-1.001", "wrn-50-0-bottleneck",
    "wrn-50-2",
  ])
  func impossibleSizesAreRefused(text: String) {
    #expect(throws: ModelError.self) { try ModelName(parsing: text).model() }
  }

  @Test func depthRulesDiffer() throws {
    let name = try ModelName(parsing: "wrn-22-2-b(3,1,3)")
    #expect(try name.model().blocksPerGroup.common == 3)
    #expect(try name.model(depthRule: .threeLNPlusFour).blocksPerGroup.common == 2)
    #expect(try name.model(blocksPerGroup: 5).blocksPerGroup.common == 5)
  }

  @Test func blocksOfPreactivationResNets() throws {
    for (depth, blocks) in [(8, 1), (110, 18), (164, 18), (1001, 111)] {
      let name = try ModelName(parsing: "preact-resnet-\(depth)")
      #expect(try name.model().blocksPerGroup.common == blocks)
      #expect(throws: ModelError.self) { try name.model(blocksPerGroup: 3) }
      #expect(throws: ModelError.self) { try name.model(dropout: 1) }
    }
  }

  @Test func blocksOfResNets() throws {
    func model(_ name: String) throws -> Model { try ModelName(parsing: name).model() }
    #expect(try model("resnet-1202").blocksPerGroup.common == 200)
    #expect(try model("resnet-18").blocksPerGroup.counts == [2, 2, 2, 2])
    #expect(try model("wrn-34-2").blocksPerGroup.counts == [3, 4, 6, 3])
    #expect(try model("preact-resnet-200").blocksPerGroup.counts == [3, 24, 36, 3])
    #expect(try model("wrn-34-2-b(3,3)").blocksPerGroup.counts == [5, 5, 5])
    let json = try JSONEncoder().encode([
      model("resnet-18").blocksPerGroup, model("resnet-50").blocksPerGroup,
    ])
    #expect(String(decoding: json, as: UTF8.self) == "[2,[3,4,6,3]]")
  }

  @Test(arguments: ["resnet-110", "resnet-50", "wrn-34-2", "preact-resnet-200", "nin"])
  func onlyWideResNetsOfSmallImagesLeaveChoices(name: String) throws {
    let name = try ModelName(parsing: name)
    #expect(throws: ModelError.self) { try name.model(blocksPerGroup: 3) }
    #expect(throws: ModelError.self) { try name.model(dropout: 0.3) }
  }

  @Test(arguments: [
    "wrn-40-2-b(1,3,1)", "preact-resnet-110", "preact-resnet-164", "resnet-110",
    "stochastic-depth-110", "resnet-50", "wrn-18-1.5", "wrn-50-2-bottleneck", "preact-resnet-200",
    "highway-19",
  ])
  func modelsSurviveFiles(name: String) throws {
    let name = try ModelName(parsing: name)
    let model = try (try? name.model(dropout: 0.3, unitGamma: true)) ?? name.model(unitGamma: true)
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
      ), (#"{"family":"resnet","depth":111,"survival":1,"unitGamma":false}"#, "depth"),
      (#"{"family":"resnet","depth":110,"survival":0,"unitGamma":false}"#, "survival"),
      (
        #"{"family":"imagenet-resnet","block":"basic","blocks":[2,0],"width":1,"unitGamma":true}"#,
        "blocks"
      ),
      (
        #"{"family":"imagenet-resnet","block":"basic","blocks":[2],"width":1e9,"unitGamma":true}"#,
        "width"
      ),
    ] {
      let model = try JSONDecoder().decode(Model.self, from: Data(text.utf8))
      #expect(throws: ModelError.self, "\(key)") { try model.checked() }
    }
    for text in [#"{"family":"vgg","depth":16}"#, #"{"family":"compared","name":"vgg"}"#] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(Model.self, from: Data(text.utf8))
      }
    }
  }
}
