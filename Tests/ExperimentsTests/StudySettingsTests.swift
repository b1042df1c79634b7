import Experiments
import Testing
import Training

@Suite struct StudySettingsTests {
  @Test func thePapersOwnSettingDiffersByNothing() throws {
    let settings = try StudySettings(table: .table6, data: "cifar10")
    #expect(settings.recipe == .cifar)
    #expect(settings.differences(from: PaperTable.table6.rows[0], in: .table6, runs: 5) == [])
    let whitened = try StudySettings(table: .table4, data: "cifar10")
    #expect(whitened.recipe.inputNormalization == .zca)
    #expect(whitened.differences(from: PaperTable.table4.rows[0], in: .table4, runs: 5) == [])
    #expect(try StudySettings(table: .table6, data: "svhn").recipe == .svhn)
  }

  @Test func whatDiffersIsSaid() throws {
    let settings = try StudySettings(
      table: .table6, data: "fashion-mnist", epochs: 20, batch: 64, learningRate: 0.05, limit: 100)
    #expect(
      settings.differences(from: PaperTable.table6.rows[0], in: .table6, runs: 1) == [
        "fashion-mnist, not cifar10", "20 epochs, not 200", "the first 100 images of each split",
        "batch 64, not 128", "learning rate 0.05, not 0.1", "1 run, not 5",
      ])
  }

  @Test(arguments: [0, -1, .max, .min])
  func impossibleEpochsAreAUsageError(epochs: Int) {
    let error = #expect(throws: TrainingError.self) {
      try StudySettings(table: .table2, data: "cifar10", epochs: epochs)
    }
    #expect(error?.exitStatus == 64)
  }
}
