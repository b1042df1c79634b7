import Foundation
import Testing
import Training

@Suite struct MetricsTests {
  @Test func meansWeighEveryImageTheSame() {
    var metrics = Metrics()
    #expect(metrics.loss == nil && metrics.error == nil)
    metrics.add(meanLoss: 2, errors: 64, images: 128)
    metrics.add(lossSum: 32, errors: 0, images: 32)
    #expect(metrics.images == 160)
    #expect(metrics.loss == 1.8)
    #expect(metrics.error == 40)
  }

  @Test func epochContinuedFromItsMiddleHasTheSameNumbers() throws {
    let losses = (0..<100).map { 1 / Double($0 + 3) }
    var whole = Metrics()
    var half = Metrics()
    for (step, loss) in losses.enumerated() {
      whole.add(meanLoss: loss, errors: step, images: 128)
      half.add(meanLoss: loss, errors: step, images: 128)
      half = try JSONDecoder().decode(Metrics.self, from: JSONEncoder().encode(half))
    }
    #expect(half == whole)
  }

  @Test(arguments: [
    #"{"lossSum": 1, "errors": 3, "images": 2}"#, #"{"lossSum": 1, "errors": -1, "images": 2}"#,
    #"{"lossSum": 1, "errors": 1, "images": 9223372036854775807}"#,
    #"{"lossSum": 1e999, "errors": 1, "images": 2}"#, #"{"lossSum": 1, "errors": 1}"#,
    #"{"lossSum": 1, "errors": 1, "images": 2, "more": 1}"#,
  ])
  func impossibleNumbersAreRefused(json: String) {
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(Metrics.self, from: Data(json.utf8))
    }
  }
}
