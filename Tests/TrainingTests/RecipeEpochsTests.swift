import Testing
import Training

/// Recipes for other numbers of epochs, and runs that go on by them.
@Suite struct RecipeEpochsTests {
  @Test(arguments: [
    (200, [60, 120, 160]), (100, [31, 61, 81]), (10, [4, 7, 9]), (3, [2, 3]), (1, []),
  ])
  func dropsMoveWithTheEpochs(epochs: Int, drops: [Int]) {
    #expect(Recipe.cifar.scaled(toEpochs: epochs).schedule == .steps(epochs: drops, factor: 0.2))
  }

  private func continues(
    _ old: Recipe, _ new: Recipe, epoch: Int, step: Int = 0
  ) -> Bool {
    old.continues(as: new, epoch: epoch, step: step, stepsPerEpoch: 5)
  }

  @Test func aRunGoesOnWhereTheRatesSoFarAreTheSame() {
    let (one, three) = (Recipe.cifar.scaled(toEpochs: 1), Recipe.cifar.scaled(toEpochs: 3))
    #expect(continues(one, three, epoch: 1))
    // The second epoch of three has a drop at its start.
    let two = Recipe.cifar.scaled(toEpochs: 2)
    #expect(two.drops == [2] && continues(two, three, epoch: 2))
    var late = three
    late.schedule = .steps(epochs: [3], factor: 0.2)
    late.epochs = 4
    #expect(continues(three, late, epoch: 1) && !continues(three, late, epoch: 2))
    #expect(!continues(three, late, epoch: 1, step: 1))
  }

  @Test func nothingElseMayDiffer() {
    var other = Recipe.cifar
    #expect(continues(.cifar, other, epoch: 7))
    other.schedule = .steps(epochs: [90], factor: 0.2)
    #expect(!continues(.cifar, other, epoch: 7), "the epochs are the same")
    other.epochs = 300
    #expect(continues(.cifar, other, epoch: 7))
    other.learningRate = 0.2
    #expect(!continues(.cifar, other, epoch: 7))
    other = .cifar
    other.epochs = 300
    other.schedule = .steps(epochs: [60, 120, 160], factor: 0.1)
    #expect(!continues(.cifar, other, epoch: 7), "another factor")
    other.schedule = .constant
    #expect(!continues(.cifar, other, epoch: 7), "another kind")
  }

  @Test(arguments: [Schedule.cosine, .oneCycle(warmUp: 0.25, start: 0.1, end: 0)])
  func ratesThatDependOnTheEpochsChange(schedule: Schedule) {
    var (short, long) = (Recipe.quick, Recipe.quick)
    (short.schedule, long.schedule) = (schedule, schedule)
    long.epochs = 5
    #expect(!continues(short, long, epoch: 1) && !continues(short, long, epoch: 0, step: 3))
    #expect(continues(short, long, epoch: 0), "nothing is trained yet")
  }

  @Test func hostilePositionsAreRefused() {
    let more = Recipe.cifar.scaled(toEpochs: 300)
    #expect(!continues(.cifar, more, epoch: .max) && !continues(.cifar, more, epoch: -1))
    #expect(!Recipe.cifar.continues(as: more, epoch: 1, step: 0, stepsPerEpoch: 0))
  }

  @Test func differencesNameTheFields() {
    var other = Recipe.cifar
    other.momentum = 0.5
    other.augmentation.flip = false
    other.schedule = .steps(epochs: [9], factor: 0.2)
    #expect(
      other.differences(from: .cifar) == [
        "augmentation.flip false, not true", "momentum 0.5, not 0.9",
        "schedule.epochs [9], not [60,120,160]",
      ])
    #expect(Recipe.cifar.differences(from: .cifar).isEmpty)
  }

  @Test(arguments: [
    ("weight_decay=0", "did you mean 'weightDecay'?"), ("momentun=0", "did you mean 'momentum'?"),
    ("augmentation.flp=true", "did you mean 'augmentation.flip'?"), ("zzzzzzzz=1", "no such field"),
  ])
  func anUnknownFieldHasANeighbour(setting: String, hint: String) {
    let error = #expect(throws: TrainingError.self) { try Recipe.cifar.setting(setting) }
    #expect(error?.exitStatus == 64 && error?.why.contains(hint) == true, "\(error?.why ?? "")")
  }
}
