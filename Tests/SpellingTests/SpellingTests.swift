import Spelling
import Testing

@Suite struct SpellingTests {
  private static let words = [
    "train", "evaluate", "batchSize", "momentum", "weightDecay", "epochs",
  ]

  @Test(arguments: [
    ("", "", 0), ("abc", "", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("ABC", "abc", 0),
    ("train", "tarin", 2),
  ])
  func distance(a: String, b: String, expected: Int) {
    #expect(Spelling.distance(a, b) == expected)
    #expect(Spelling.distance(b, a) == expected)
  }

  @Test(arguments: [
    ("trian", "train"), ("evalute", "evaluate"), ("batch_size", "batchSize"),
    ("BatchSize", "batchSize"), ("momentun", "momentum"), ("weigth_decay", "weightDecay"),
  ])
  func aNearWordIsFound(word: String, meant: String) {
    #expect(Spelling.nearest(to: word, among: Self.words) == meant)
    #expect(Spelling.question(word, among: Self.words) == "; did you mean '\(meant)'?")
  }

  @Test(arguments: [("eval", "evaluate"), ("batch", "batchSize"), ("Weight_D", "weightDecay")])
  func aBeginningIsEnough(word: String, meant: String) {
    #expect(Spelling.nearest(to: word, among: Self.words) == meant)
    #expect(Spelling.nearest(to: "wrn-28", among: ["wrn-22-8", "wrn-28-10"]) == "wrn-28-10")
  }

  @Test(arguments: ["", "x", "elephant", "zebra", "---", String(repeating: "a", count: 10_000)])
  func nothingIsNearWhatIsFar(word: String) {
    #expect(Spelling.nearest(to: word, among: Self.words) == nil)
    #expect(Spelling.question(word, among: Self.words).isEmpty)
  }

  @Test func theNearestIsTakenAndThereMayBeNone() {
    #expect(
      Spelling.nearest(to: "resnet-19", among: ["resnet-110", "resnet-18", "nin"]) == "resnet-18")
    #expect(Spelling.nearest(to: "train", among: []) == nil)
  }
}
