import Experiments
import Graph
import Models
import Testing
import Training

@Suite struct PaperTableTests {
  @Test func namesAreThoseOfThePaper() {
    #expect(
      PaperTable.all.map(\.name) == (2...9).map { "table\($0)" } + ["figure2", "figure3"])
    #expect(PaperTable.named("table1") == nil && PaperTable.named("figure4") == nil)
  }

  @Test(arguments: PaperTable.all.map(\.name))
  func rowsHaveFoldersOfTheirOwn(name: String) throws {
    let table = try #require(PaperTable.named(name))
    #expect(Set(table.rows.map(\.key)).count == table.rows.count)
    #expect(!table.rows.contains { $0.key.contains("/") })
  }

  private static let unbuilt = ["COCO detection, WRN-34-2"]

  @Test func onlyAMixedTableIsParticularAboutImages() throws {
    #expect(PaperTable.table7.rows.allSatisfy { PaperTable.table7.suits($0, files: false) })
    #expect(PaperTable.table4.rows.allSatisfy { PaperTable.table4.suits($0, files: true) })
    let table = PaperTable.table9
    #expect(table.rows.map { table.suits($0, files: true) } == [false, false, true, true])
    #expect(table.rows.map { table.suits($0, files: false) } == [true, true, false, false])
  }

  @Test(arguments: PaperTable.all.map(\.name))
  func builtRowsHaveThePapersNumberOfParameters(name: String) throws {
    let table = try #require(PaperTable.named(name))
    for row in table.rows {
      guard let model = row.resolved(dropout: 0.3) else {
        #expect(Self.unbuilt.contains(row.title), "\(row.title)")
        continue
      }
      let network = model.network(image: model.usualImage, classes: model.usualClasses)
      #expect(row.isImageNet == (model.usualClasses == 1000), "\(row.title)")
      if let parameters = row.parameters {
        #expect(network.parameterCount == parameters, "\(row.title)")
      }
      #expect(model.dropout == (row.dropout ? 0.3 : 0))
    }
  }

  @Test func numbersOfThePaper() {
    func errors(_ table: PaperTable, _ data: String) -> [Double?] {
      table.rows.map { $0.errors[data] }
    }
    #expect(errors(.table2, "cifar10") == [6.06, 5.78, 6.42, 5.86, 5.73, 5.78])
    #expect(errors(.table3, "cifar10") == [6.69, 5.43, 5.65, 5.93])
    #expect(
      errors(.table4, "cifar10") == [6.85, 5.33, 4.97, 4.66, 4.17, 4.33, 4.38, 4.44, 4.81, 4.56])
    #expect(
      errors(.table4, "cifar100")
        == [30.89, 26.04, 22.89, nil, 20.50, 20.43, 21.22, 20.75, 22.07, 21.59])
    #expect(errors(.table6, "cifar10") == [5.02, 5.24, 4.00, 3.89, 6.43, 6.28])
    #expect(errors(.table6, "cifar100") == [24.03, 23.91, 19.25, 18.85, 29.89, 29.78])
    #expect(errors(.table6, "svhn") == [1.85, 1.64, nil, nil, 2.08, 1.70])
    #expect(
      errors(.table7, "imagenet") == [30.4, 27.06, 25.58, 24.06, 26.77, 24.5, 23.39])
    #expect(errors(.table8, "imagenet") == [24.01, 22.44, 22.16, 21.9, 21.66])
  }

  @Test func dropoutIsThePapersForTheData() {
    #expect(PaperTable.dropout(on: "svhn") == 0.4 && PaperTable.dropout(on: "cifar100") == 0.3)
  }
}
