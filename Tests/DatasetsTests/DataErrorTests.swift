import Datasets
import Testing

@Suite struct DataErrorTests {
  @Test func isOneHarmlessLine() {
    let error = DataError(
      .missing, what: "/a\nb\u{1B}[31m", why: "x\u{2028}y\u{85}", whatToDo: "z\u{202E}\r\né 日本")
    #expect(
      error.description
        == "/a\\u{a}b\\u{1b}[31m: x\\u{2028}y\\u{85}; z\\u{202e}\\u{d}\\u{a}é 日本")
  }

  @Test func exitStatusFollowsTheCategory() {
    func status(_ category: DataError.Category) -> Int32 {
      DataError(category, what: "", why: "", whatToDo: "").exitStatus
    }
    #expect(status(.usage) == 64)
    #expect(status(.malformed) == 65)
    #expect(status(.missing) == 66)
    #expect(status(.unwritable) == 73)
  }
}
