import Models
import Testing

struct ModelNameTests {
  @Test(arguments: [
    ("wrn-28-10", "wrn-28-10"), ("WRN-16-4", "wrn-16-4"),
    ("wrn-40-2-b(1,3,1)", "wrn-40-2-b(1,3,1)"),
    ("wrn-40-2-B(3, 3)", "wrn-40-2"),
  ])
  func namesAreRead(text: String, name: String) throws {
    #expect(try ModelName(parsing: text).model().name == name)
  }

  @Test(arguments: [
    "", "wrn", "wrn-28", "wrn-28-", "wrn-x-1", "resnet-18", "wrn-28-10-", "wrn-28-10-b",
    "wrn-10-1-b()",
    "wrn-10-1-b(3,x)", "wrn-28-10-b(3,3", "wrn-99999999999999999999-1", "vrn-28-10", "wrn--28-10",
  ])
  func otherNamesAreRefused(text: String) {
    #expect(throws: ModelError.self) { try ModelName(parsing: text).model() }
  }

  @Test(arguments: ["wrn-4-1", "wrn-15-1", "wrn-16-0", "wrn-16-1001", "wrn-16-1-b(2,3)"])
  func impossibleSizesAreRefused(text: String) {
    #expect(throws: ModelError.self) { try ModelName(parsing: text).model() }
  }

  @Test func depthRulesDiffer() throws {
    let name = try ModelName(parsing: "wrn-22-2-b(3,1,3)")
    #expect(try name.model().blocksPerGroup == 3)
    #expect(try name.model(depthRule: .threeLNPlusFour).blocksPerGroup == 2)
    #expect(try name.model(blocksPerGroup: 5).blocksPerGroup == 5)
  }
}
