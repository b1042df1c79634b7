import Testing

@testable import widecl

@Suite struct SpellingTests {
  @Test(arguments: [
    ("", "", 0), ("abc", "", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("ABC", "abc", 0),
    ("train", "tarin", 2),
  ])
  func distance(a: String, b: String, expected: Int) {
    #expect(Spelling.distance(a, b) == expected)
    #expect(Spelling.distance(b, a) == expected)
  }

  @Test func nothingIsNearWhatIsFar() {
    let words = ["train", "evaluate", "predict"]
    #expect(Spelling.nearest(to: "trian", among: words) == "train")
    #expect(Spelling.nearest(to: "evalute", among: words) == "evaluate")
    #expect(Spelling.nearest(to: "zebra", among: words) == nil)
  }
}
