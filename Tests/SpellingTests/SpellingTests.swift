import Spelling
import Testing

@Suite struct SpellingTests {
  @Test(arguments: [
    ("trian", "train"), ("evalute", "evaluate"), ("batch_size", "batchSize"),
    ("BatchSize", "batchSize"), ("momentun", "momentum"), ("weigth_decay", "weightDecay"),
  ])
  func aNearWordIsFound(word: String, meant: String) {
    let words = ["train", "evaluate", "batchSize", "momentum", "weightDecay", "epochs"]
    #expect(nearest(to: word, among: words) == meant)
  }

  @Test(arguments: ["", "x", "elephant", "---", String(repeating: "a", count: 10_000)])
  func aFarWordIsNotGuessed(word: String) {
    #expect(nearest(to: word, among: ["train", "evaluate", "predict"]) == nil)
    #expect(didYouMean(word, ["train", "evaluate"]).isEmpty)
  }

  @Test func theNearestIsTakenAndThereMayBeNone() {
    #expect(nearest(to: "resnet-19", among: ["resnet-110", "resnet-18", "nin"]) == "resnet-18")
    #expect(nearest(to: "train", among: []) == nil)
  }
}
