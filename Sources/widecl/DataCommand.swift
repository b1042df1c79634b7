import ArgumentParser
import Datasets
import Foundation

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Finds and checks data sets.",
    subcommands: [List.self, Check.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Shows which data set is found where.")

    @Flag(help: "Print JSON.") var json = false

    struct Row: Encodable {
      var name: String
      var folder: String?
      var origin: String?
    }

    func run() throws {
      let rows = DatasetLocator(environment: ProcessInfo.processInfo.environment).list().map {
        Row(
          name: $0.name.description, folder: $0.found?.folder.path,
          origin: $0.found?.origin.rawValue)
      }
      if json { return try printJSON(rows) }
      for row in rows {
        let place = row.folder.map { "\($0)  (\(row.origin ?? ""))" } ?? "not found"
        print(row.name.padded(to: 14) + place)
      }
      print("synthetic".padded(to: 14) + "\(DatasetName.syntheticForm), made as it is needed")
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check", abstract: "Reads a whole data set and says what is in it.")

    @Argument(help: "The data set's name.") var name: String
    @Option(help: "The folder it lies in; searched for by default.") var dataPath: String?
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
      let locator = DatasetLocator(environment: ProcessInfo.processInfo.environment)
      let check = try Dataset.check(DatasetName(parsing: name), from: locator, explicit: dataPath)
      if json {
        try printJSON(check)
      } else {
        for file in check.files {
          let state = file.problem.map { "\($0.why)" } ?? "\(file.count ?? 0) images or labels"
          print("\(file.path)  \(file.bytes ?? 0) bytes  \(state)")
        }
        print("training images by class  \(check.trainHistogram)")
        print("test images by class      \(check.testHistogram)")
        print(check.ok ? "complete" : "not usable")
      }
      if let problem = check.problem { throw problem }
    }
  }
}
