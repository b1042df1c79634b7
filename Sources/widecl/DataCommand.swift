import ArgumentParser
import Datasets
import Foundation
import Training

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Downloads, finds and checks data sets.",
    subcommands: [Fetch.self, List.self, Check.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Shows which data set is found where.",
      discussion: """
        Example:
          widecl data list
        """)

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
        print(row.name.padded(to: 17) + place)
      }
      print(
        "folder".padded(to: 17) + "the path of a folder of images, or folder:SIZE with --data-path")
      print("npz".padded(to: 17) + "\(DatasetName.arraysForm), arrays of numpy's")
      print("synthetic".padded(to: 17) + "\(DatasetName.syntheticForm), made as it is needed")
    }
  }

  struct Fetch: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "fetch", abstract: "Downloads a data set and checks every byte.",
      discussion: """
        Gets fashion-mnist, mnist, kmnist, cifar10, cifar100 or svhn by curl, into $WIDECL_DATA/NAME or \
        the user's cache. An interrupted download is continued by the same command.

        Example:
          widecl data fetch cifar10
        """)

    @Argument(help: "The data set's name.") var name: String
    @Option(help: "The folder it goes into, instead of the usual one.") var dataPath: String?
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
      let environment = ProcessInfo.processInfo.environment
      let name = try DatasetName(parsing: self.name)
      let fetch = try DatasetFetch(
        name,
        into: try dataPath.map { URL(fileURLWithPath: $0) }
          ?? DatasetLocator(environment: environment).fetchFolder(for: name),
        mirror: environment["WIDECL_MIRROR"].flatMap { $0.isEmpty ? nil : $0 })
      Interrupt.install()
      var progress = FetchProgress()
      let check: DatasetCheck
      do {
        check = try fetch.run(
          report: { progress.show($0) }, stop: { Interrupt.isRequested })
      } catch {
        progress.clear()
        guard Interrupt.isRequested else { throw error }
        tell("\(error)")
        throw ExitCode(Interrupt.exitStatus)
      }
      try check.show(json: json)
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check",
      abstract: "Reads a whole data set and says what is in it, and whether it is complete.",
      discussion: """
        Example:
          widecl data check cifar10
        """)

    @Argument(
      help: ArgumentHelp(
        "The data set's name, or a folder with the files of one or with images in a folder for each "
          + "class.", valueName: "name-or-folder"))
    var name: String
    @Option(help: "The folder it lies in; searched for by default.") var dataPath: String?
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
      if dataPath != nil && folder != nil {
        throw ValidationError("give a folder or --data-path, not both")
      }
    }

    /// The argument where it is a folder, not a name.
    private var folder: URL? { DatasetName.folder(in: name).map { URL(fileURLWithPath: $0) } }

    func run() throws {
      let locator = DatasetLocator(environment: ProcessInfo.processInfo.environment)
      let check: DatasetCheck
      if let folder {
        check = Dataset.check(try DatasetName(foundIn: folder), at: folder)
      } else {
        check = try Dataset.check(DatasetName(parsing: name), from: locator, explicit: dataPath)
      }
      try check.show(json: json)
    }
  }
}

extension DatasetCheck {
  /// Prints what was found; throws what is wrong or missing.
  fileprivate func show(json: Bool) throws {
    if json {
      try printJSON(self)
    } else {
      for file in files {
        let state = file.problem.map { "\($0.why)" } ?? "\(file.count ?? 0) images or labels"
        print("\(file.path)  \(file.bytes.map { "\($0) bytes  " } ?? "")\(state)")
      }
      if let imageSizes { print("images  \(imageSizes.text)") }
      for (split, counts) in [("training", trainHistogram), ("test", testHistogram)] where ok {
        print("\(split) images  \(counts.reduce(0, +)), by class \(counts)")
      }
      if ok && files.contains(where: { $0.bytes == nil }) { showClasses() }
      print(ok ? isComplete ? "complete" : "usable, but not complete" : "not usable")
    }
    if let unused { tell(unused.line(of: name)) }
    if let heldOut { tell("\(name): \(heldOut)") }
    if let problem = problem ?? shortage { throw problem }
  }
}

extension DatasetCheck {
  /// Of a folder of images: each class's numbers, what is missing, how to train on it.
  private func showClasses() {
    for (name, counts) in zip(classNames, zip(trainHistogram, testHistogram)) {
      print(
        "class \(name)  \(counts.0) to train, \(counts.1) to test"
          + (counts.1 == 0 ? ": none, so that its error is not known" : ""))
    }
    guard let folder else { return }
    print("to train on it  widecl train --data '\(Failure.printable(folder))'")
  }
}

extension DatasetCheck.ImageSizes {
  /// The sizes as height x width x channels.
  fileprivate var text: String {
    [height, width, channels]
      .map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)...\($0.upperBound)" }
      .joined(separator: " x ")
  }
}
