import Foundation

/// Where data sets are looked for: the user's folder, `WIDECL_DATA`, the cache, the system's.
public struct DatasetLocator: Sendable {
  /// Who says that a folder may hold the data.
  public enum Origin: String, Codable, Sendable {
    /// The user, by `--data-path`.
    case explicit = "--data-path"
    /// The environment variable `WIDECL_DATA`.
    case environment = "WIDECL_DATA"
    /// The user's cache.
    case cache
    /// A package of the system.
    case system
  }

  /// A folder that may hold a data set.
  public struct Candidate: Sendable {
    /// The folder.
    public let folder: URL
    /// Who names it.
    public let origin: Origin
  }

  /// A data set and the folder where it was found, or nil.
  public struct Location: Sendable {
    /// The data set.
    public let name: DatasetName
    /// The folder that holds it and who names it.
    public let found: Candidate?
  }

  private let roots: [Candidate]

  /// A locator for the given `environment`, of which it reads `WIDECL_DATA`, `XDG_CACHE_HOME` and
  /// `HOME`; Debian's packages lie in `systemFolder`.
  public init(
    environment: [String: String],
    systemFolder: URL = URL(fileURLWithPath: "/usr/share/datasets", isDirectory: true)
  ) {
    func folder(_ variable: String) -> URL? {
      guard let path = environment[variable], !path.isEmpty else { return nil }
      return URL(fileURLWithPath: path, isDirectory: true)
    }
    var roots: [Candidate] = []
    if let data = folder("WIDECL_DATA") {
      roots.append(Candidate(folder: data, origin: .environment))
    }
    // The XDG specification ignores a relative path.
    let cache =
      environment["XDG_CACHE_HOME"]?.hasPrefix("/") == true
      ? folder("XDG_CACHE_HOME") : folder("HOME")?.appendingPathComponent(".cache")
    if let cache {
      roots.append(
        Candidate(folder: cache.appendingPathComponent("widecl/data"), origin: .cache))
    }
    roots.append(Candidate(folder: systemFolder, origin: .system))
    self.roots = roots
  }

  /// The folders where `name` is looked for, in order; only `explicit` where it is given.
  ///
  /// Training on other data than the user pointed at would be worse than an error.
  public func candidates(for name: DatasetName, explicit: String? = nil) -> [Candidate] {
    if let explicit {
      return [Candidate(folder: URL(fileURLWithPath: explicit), origin: .explicit)]
    }
    guard let folderName = name.folderName else { return [] }
    return roots.map {
      Candidate(folder: $0.folder.appendingPathComponent(folderName), origin: $0.origin)
    }
  }

  /// The folder of `name`, or its one file; throws `missing` where no candidate holds a file of it, `usage` for
  /// synthetic data, which has no folder.
  public func locate(_ name: DatasetName, explicit: String? = nil) throws(DataError) -> URL {
    guard name.isOnDisk else {
      throw DataError(
        .usage, what: name.description, why: "is generated and has no folder",
        whatToDo: "leave out --data-path")
    }
    // A run that goes on elsewhere knows its file by its path.
    if case .npz(let path) = name { return URL(fileURLWithPath: explicit ?? path) }
    guard explicit != "" else {
      throw DataError(
        .missing, what: "--data-path", why: "empty",
        whatToDo: "name the folder that holds \(name)")
    }
    if case .folder = name {
      // What it holds is told by its reader.
      if let explicit { return URL(fileURLWithPath: explicit) }
      throw DataError(
        .usage, what: name.description, why: "it is not said which folder",
        whatToDo: "name the folder of the images with --data-path, or give its path as --data")
    }
    let candidates = candidates(for: name, explicit: explicit)
    if let found = candidates.first(where: { DatasetFiles(name, in: $0.folder).anyExists }) {
      return found.folder
    }
    if let other = candidates.lazy.compactMap({ name.pythonVersion(in: $0.folder) }).first {
      throw DataError(
        .missing, what: other.path,
        why: "is of \(name)'s Python version; the binary version is needed",
        whatToDo: "run 'widecl data fetch \(name)', or unpack the authors' "
          + "\(name == .cifar10 ? "cifar-10" : "cifar-100")-binary.tar.gz, whose files end in .bin")
    }
    if let explicit {
      throw Self.empty(explicit, name)
    }
    throw DataError(
      .missing, what: name.description,
      why: "not found in " + candidates.map(\.folder.path).joined(separator: ", "),
      whatToDo: Self.source(of: name) + " or name its folder with --data-path")
  }

  /// Every data set that is files in a folder, with the folder where it is found.
  public func list() -> [Location] {
    DatasetName.onDisk.map { name in
      Location(
        name: name,
        found: candidates(for: name).first { DatasetFiles(name, in: $0.folder).anyExists })
    }
  }

  /// Where a download of `name` goes: into `WIDECL_DATA` where it is set, else into the cache.
  public func fetchFolder(for name: DatasetName) throws(DataError) -> URL {
    guard let place = candidates(for: name).first(where: { $0.origin != .system }) else {
      throw DataError(
        .usage, what: name.description, why: "there is no folder to download into",
        whatToDo: "set WIDECL_DATA or HOME, or name the folder with --data-path")
    }
    return place.folder
  }

  static func isFolder(_ url: URL) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
      && isDirectory.boolValue
  }

  private static func empty(_ path: String, _ name: DatasetName) -> DataError {
    let url = URL(fileURLWithPath: path)
    let why =
      if !FileManager.default.fileExists(atPath: url.path) {
        "no such folder"
      } else if isFolder(url) {
        "holds no file of \(name)"
      } else {
        "not a folder"
      }
    return DataError(
      .missing, what: path, why: why,
      whatToDo: "name the folder that holds \(name) with --data-path or \(source(of: name))")
  }

  /// How a data set that is not there is had.
  static func source(of name: DatasetName) -> String {
    switch name {
    case .fashionMNIST: "run 'widecl data fetch \(name)', install Debian's dataset-fashion-mnist"
    case .mnist, .kmnist, .cifar10, .cifar100, .svhn: "run 'widecl data fetch \(name)'"
    case .qmnist: "get its qmnist-*.gz files from github.com/facebookresearch/qmnist"
    case .emnist:
      "unpack gzip.zip of nist.gov/itl/products-and-services/emnist-dataset into a folder 'emnist'"
    case .npz: "name a file that is there"
    case .imagenet, .folder: "put images into train/CLASS and val/CLASS"
    case .synthetic: "ask for synthetic data"
    }
  }
}
