import Foundation
import Testing
import Training

@Suite struct RecipeTests {
  @Test func cifarIsThePapers() throws {
    let recipe = try Recipe.named("cifar")
    #expect(recipe.epochs == 200 && recipe.batchSize == 128 && recipe.learningRate == 0.1)
    #expect(recipe.schedule == .steps(epochs: [60, 120, 160], factor: 0.2))
    #expect(recipe.momentum == 0.9 && recipe.nesterov && recipe.dampening == 0)
    #expect(recipe.weightDecay == 5e-4 && recipe.dropLastBatch)
    #expect(recipe.dropAtStartOfEpoch && recipe.resetMomentumAtDrop)
    #expect(recipe.augmentation == .init(flip: true, pad: 4, padMode: .reflect))
    #expect(recipe.gammaInitialization == .uniform && recipe.inputNormalization == .meanStd)
  }

  @Test func svhnIsThePapers() throws {
    let recipe = try Recipe.named("svhn")
    #expect(recipe.epochs == 160 && recipe.learningRate == 0.01)
    #expect(recipe.schedule == .steps(epochs: [80, 120], factor: 0.1))
    #expect(recipe.augmentation == .none && recipe.inputNormalization == .divideBy255)
  }

  @Test func imagenetIsThatOfTheTorchTraining() throws {
    let recipe = try Recipe.named("imagenet")
    #expect(recipe.epochs == 90 && recipe.batchSize == 256 && recipe.learningRate == 0.1)
    #expect(recipe.weightDecay == 1e-4 && recipe.momentum == 0.9 && recipe.nesterov)
    // Ten times lower every 30 epochs: the first 30 have the whole rate.
    let rates = [0, 29, 30, 59, 60, 89].map {
      Float(recipe.learningRate(epoch: $0, step: 0, stepsPerEpoch: 10))
    }
    #expect(rates == [0.1, 0.1, 0.01, 0.01, 0.001, 0.001])
    #expect(!recipe.resetMomentumAtDrop && recipe.gammaInitialization == .one)
  }

  @Test(arguments: Recipe.names)
  func namedRecipeIsValidAndRoundTrips(name: String) throws {
    let recipe = try Recipe.named(name)
    try recipe.validate()
    #expect(try Recipe(json: recipe.json, source: "a") == recipe)
    #expect(recipe.json == (try Recipe(json: recipe.json, source: "a").json))
  }

  @Test(arguments: [
    Schedule.constant, .cosine, .oneCycle(warmUp: 0.3, start: 0.04, end: 1e-4),
    .steps(epochs: [], factor: 0.1),
  ])
  func scheduleRoundTrips(schedule: Schedule) throws {
    var recipe = Recipe.cifar
    recipe.schedule = schedule
    #expect(try Recipe(json: recipe.json, source: "a") == recipe)
  }

  @Test func unknownNameIsAUsageErrorThatListsTheKnown() {
    let error = #expect(throws: TrainingError.self) { try Recipe.named("fast\u{1b}[2J") }
    #expect(error?.exitStatus == 64)
    #expect(
      error?.description
        == #"recipe "fast\u{1b}[2J": there is no such recipe; choose one of cifar, svhn, "#
        + "imagenet, quick")
  }

  /// A change to the text of the CIFAR recipe, and a part of the error it must give.
  @Test(arguments: [
    (#""epochs" : 200"#, #""epochs" : 0"#, "epochs: expected 1 to 1000000, got 0"),
    (#""epochs" : 200"#, #""epochs" : 2.5"#, "epochs: expected a whole number, got 2.5"),
    (#""epochs" : 200"#, #""epochs" : 1e300"#, "epochs: expected a whole number, got 1e+300"),
    (#""epochs" : 200"#, #""epochs" : "many""#, "epochs: expected a number"),
    (#""epochs" : 200"#, #""epochs" : null"#, "epochs"),
    (#""epochs" : 200,"#, "", #"the key "epochs" is missing"#),
    (#""epochs" : 200"#, #""epoch" : 200, "epochs" : 200"#, #"unknown key "epoch", expected"#),
    (#""flip" : true"#, #""flop" : true"#, #"augmentation: unknown key "flop""#),
    (#""flip" : true"#, #""flip" : 1"#, "augmentation.flip: expected true or false"),
    (#""pad" : 4"#, #""pad" : -1"#, "augmentation.pad: expected 0 to 1024, got -1"),
    (#""reflect""#, #""mirror""#, "augmentation.padMode: "),
    (#""steps""#, #""cosine""#, #"schedule: unknown key "epochs", expected kind"#),
    (#""steps""#, #""stairs""#, "schedule.kind: "),
    (#""factor" : 0.2"#, #""factor" : 0"#, "schedule: expected a factor above 0"),
    // Found by `make fuzz`: the third drop's rate is not finite.
    (#""factor" : 0.2"#, #""factor" : 1e20"#, "schedule: expected a factor above 0 that keeps"),
    ("120,", "120.5,", "schedule.epochs: expected a whole number, got 120.5"),
    ("120,", "20,", "schedule: expected epochs that start at 1 and rise"),
    (#""batchSize" : 128"#, #""batchSize" : 99999999999999"#, "batchSize: expected 1 to"),
    (#""learningRate" : 0.1"#, #""learningRate" : 1e300"#, "learningRate: expected a finite"),
    (#""learningRate" : 0.1"#, #""learningRate" : -0.1"#, "learningRate: expected a finite"),
    (#""momentum" : 0.9"#, #""momentum" : 1"#, "momentum: expected a number from 0 to below 1"),
    (#""momentum" : 0.9"#, #""momentum" : 0"#, "nesterov: expected a momentum above 0"),
    (#""dampening" : 0"#, #""dampening" : 0.5"#, "nesterov: expected a momentum above 0"),
    (#""dampening" : 0"#, #""dampening" : 2"#, "dampening: expected a number from 0 to 1"),
    (#""weightDecay" : 0.0005"#, #""weightDecay" : -1"#, "weightDecay: expected a finite"),
    ("{", "[", "n"),
  ])
  func wrongRecipeGivesAnError(old: String, new: String, expected: String) throws {
    let original = String(decoding: Recipe.cifar.json, as: UTF8.self)
    let place = try #require(original.range(of: old))
    let text = original.replacingCharacters(in: place, with: new)
    let error = #expect(throws: TrainingError.self) {
      try Recipe(json: Data(text.utf8), source: "recipe.json")
    }
    #expect(error?.exitStatus == 65)
    #expect(error?.what == "recipe.json")
    #expect(error?.why.contains(expected) == true, "\(error?.why ?? "")")
  }

  @Test func numberThatIsNotFiniteIsAUsageError() {
    for value in [Double.nan, .infinity, -1] {
      var recipe = Recipe.quick
      recipe.learningRate = value
      #expect(throws: TrainingError.self) { try recipe.validate() }
      recipe = .quick
      recipe.schedule = .oneCycle(warmUp: value, start: 0, end: 0)
      let error = #expect(throws: TrainingError.self) { try recipe.validate() }
      #expect(error?.exitStatus == 64)
    }
  }

  /// A folder of a user's own images: four steps an epoch at least, and a rate that fits the batch.
  @Test(arguments: [(1, 2, 40), (57, 14, 40), (1000, 128, 20), (100_000, 128, 3)])
  func quickForImageFiles(images: Int, batch: Int, epochs: Int) throws {
    let recipe = Recipe.quick(imageFiles: images)
    try recipe.validate()
    #expect(recipe.batchSize == batch && recipe.epochs == epochs)
    #expect(recipe.augmentation.pad == 0 && recipe.augmentation.flip)
    #expect(abs(recipe.learningRate / Double(batch) - 0.2 / 128) < 1e-12)
  }
}
