import Foundation
import Testing
import Training

@Suite struct ScheduleTests {
  /// The rate in a 1-based epoch of a recipe of the paper.
  private func rate(_ recipe: Recipe, epoch: Int, step: Int = 0) -> Float {
    Float(recipe.learningRate(epoch: epoch - 1, step: step, stepsPerEpoch: 390))
  }

  @Test(arguments: [
    (1, 0.1), (59, 0.1), (60, 0.02), (119, 0.02), (120, 0.004), (159, 0.004), (160, 0.0008),
    (200, 0.0008),
  ])
  func cifarDropsAtTheStartOfTheEpoch(epoch: Int, expected: Float) {
    #expect(rate(.cifar, epoch: epoch) == expected)
    #expect(rate(.cifar, epoch: epoch, step: 389) == expected)
  }

  @Test(arguments: [(59, 0.1), (60, 0.1), (61, 0.02), (120, 0.02), (121, 0.004)])
  func dropsAfterTheEpochWhenAsked(epoch: Int, expected: Float) {
    var recipe = Recipe.cifar
    recipe.dropAtStartOfEpoch = false
    #expect(rate(recipe, epoch: epoch) == expected)
  }

  @Test(arguments: [(79, 0.01), (80, 0.001), (119, 0.001), (120, 0.0001), (160, 0.0001)])
  func svhnDropsByTen(epoch: Int, expected: Float) {
    #expect(rate(.svhn, epoch: epoch) == expected)
  }

  @Test func momentumStartsAnewWhereTheRateDrops() {
    var recipe = Recipe.cifar
    #expect((0..<200).filter { recipe.resetsMomentum(before: $0) } == [59, 119, 159])
    recipe.dropAtStartOfEpoch = false
    #expect((0..<200).filter { recipe.resetsMomentum(before: $0) } == [60, 120, 160])
    recipe.resetMomentumAtDrop = false
    #expect((0..<200).allSatisfy { !recipe.resetsMomentum(before: $0) })
    #expect(!Schedule.cosine.isDrop(epoch: 0, dropAtStartOfEpoch: true))
  }

  /// All rates of a run of three epochs with ten steps and a base rate of 2.
  private func rates(_ schedule: Schedule) -> [Double] {
    (0..<30).map {
      schedule.learningRate(
        base: 2, epoch: $0 / 10, step: $0 % 10, stepsPerEpoch: 10, epochs: 3,
        dropAtStartOfEpoch: true)
    }
  }

  @Test func constantStays() { #expect(rates(.constant).allSatisfy { $0 == 2 }) }

  @Test func cosineFallsToNearlyNothing() {
    let rates = rates(.cosine)
    #expect(rates[0] == 2)
    #expect(abs(rates[15] - 1) < 1e-12)
    #expect(abs(rates[10] - 1.5) < 1e-12)
    #expect(zip(rates, rates.dropFirst()).allSatisfy(>))
    #expect(rates[29] > 0 && rates[29] < 0.01)
  }

  @Test func oneCycleRisesThenFalls() {
    let rates = rates(.oneCycle(warmUp: 0.5, start: 0.25, end: 0.1))
    #expect(rates[0] == 0.5)
    #expect(abs(rates[5] - 1) < 1e-12)
    #expect(rates[15] == 2)
    #expect(zip(rates[..<16], rates[1..<16]).allSatisfy(<))
    #expect(zip(rates[15...], rates[16...]).allSatisfy(>))
    #expect(abs(rates[29] - (2 * (1 - 0.9 * 14 / 15))) < 1e-12)
  }

  @Test(arguments: [0, 1] as [Double])
  func oneCycleOfOneSlopeIsFinite(warmUp: Double) {
    let rates = rates(.oneCycle(warmUp: warmUp, start: 0, end: 0))
    #expect(rates.allSatisfy { (0...2).contains($0) })
    #expect(rates[warmUp == 0 ? 0 : 29] > 1.8)
  }
}
