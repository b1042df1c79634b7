import ArgumentParser
import Datasets
import DeviceRuntime
import Files
import Foundation
import Graph
import Models
import Synchronization
import Training

/// The choice of a device.
struct DeviceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The device: an index or a part of the name, as 'widecl devices' lists them.",
      discussion: "Default: $WIDECL_DEVICE, else the fastest GPU, else a CPU.",
      valueName: "index-or-name"))
  var device: String?

  /// The context of a run; a worker leaves it to the process that started it to say what kernels
  /// are used.
  func makeContext(isWorker: Bool = false) throws -> Context {
    let environment = ProcessInfo.processInfo.environment
    let manager = try DeviceManager()
    let chosen = try manager.device(matching: device ?? environment["WIDECL_DEVICE"])
    let context = try manager.makeContext(on: chosen, environment: environment)
    if !isWorker, let folder = context.kernels.directory {
      tell("kernels of \(folder.path) (WIDECL_KERNELS), not the built-in ones")
    }
    context.reportPreparation(to: PreparationProgress().show)
    if !isWorker { compileAhead(in: context) }
    return context
  }
}

extension DeviceManager {
  /// A context with the kernels and the cache that the environment names.
  func makeContext(on device: Device, environment: [String: String]) throws -> Context {
    let kernels = kernelLibrary(environment)
    if let folder = kernels.directory, kernels.isEmpty {
      throw DataError(
        .missing, what: folder.path, why: "no folder of kernels",
        whatToDo: "have WIDECL_KERNELS name one that is laid out as Kernels/, or unset it")
    }
    return try makeContext(
      on: device, kernels: kernels,
      programCache: cacheFolder(environment)?.appending(path: "programs"),
      memoryLimit: memoryLimit(environment))
  }
}

/// The built-in kernels, or those of the folder WIDECL_KERNELS.
func kernelLibrary(_ environment: [String: String]) -> KernelLibrary {
  KernelLibrary(directory: environment["WIDECL_KERNELS"].map { URL(fileURLWithPath: $0) })
}

/// The most bytes of a device's memory to use: WIDECL_MEMORY_LIMIT; nil for all there are.
func memoryLimit(_ environment: [String: String]) throws -> Int? {
  guard let text = environment["WIDECL_MEMORY_LIMIT"] else { return nil }
  let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
  let unit = text.last.flatMap { units[$0] }
  let digits = unit == nil ? text[...] : text.dropLast()
  guard let number = Int(digits), number > 0,
    case let (bytes, overflow) = number.multipliedReportingOverflow(by: unit ?? 1), !overflow
  else {
    throw ValidationError(
      "WIDECL_MEMORY_LIMIT is '\(text)'; write bytes, or such as 512M or 6G")
  }
  return bytes
}

/// The folder for what can be made again; nil where the environment names none.
func cacheFolder(_ environment: [String: String]) -> URL? {
  if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") {
    return URL(fileURLWithPath: cache).appending(path: "widecl")
  }
  guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
  return URL(fileURLWithPath: home).appending(path: ".cache/widecl")
}

/// What a model's name leaves open.
struct ModelOptions: ParsableArguments {
  @Option(help: "How the depth gives the blocks per group: 6n+4 or 3ln+4.")
  var depthRule: DepthRule = .sixNPlusFour

  @Option(parsing: .unconditional, help: "Blocks in each group, instead of a rule.")
  var blocksPerGroup: Int?

  @Option(
    parsing: .unconditional, help: "Probability of dropout before each block's last convolution.")
  var dropout: Double = 0

  func model(named name: String) throws -> Model {
    try ModelName(parsing: name).model(
      dropout: dropout, depthRule: depthRule, blocksPerGroup: blocksPerGroup)
  }
}

extension DepthRule: ExpressibleByArgument {}

extension Recipe.InputNormalization: ExpressibleByArgument {}

/// Finds and reads a data set; says what of it is not used.
///
/// `size` is for a folder that is named by its path, `heldOut` for one without images to test with;
/// each has a usual value.
func loadDataset(
  _ text: String, path: String?, size: Int? = nil, heldOut: HeldOut? = nil
) throws -> Dataset {
  var name = try DatasetName(parsing: text)
  let folder = DatasetName.folder(in: text)
  if folder != nil, path != nil {
    throw ValidationError("give the folder as --data or as --data-path, not both")
  }
  if folder != nil, let size { name = .folder(size: size) }
  let data = try Dataset.load(
    name, from: DatasetLocator(environment: ProcessInfo.processInfo.environment),
    explicit: folder ?? path, heldOut: heldOut ?? .usual)
  if let unused = data.unused { tell(unused.line(of: data.name)) }
  if let heldOut = data.heldOut { tell("\(data.name): \(heldOut)") }
  return data
}

/// Reads the image files of a data set's test images and, with `training`, of those to train on;
/// throws what is wrong with any.
func checkFiles(of data: Dataset, training: Bool) throws {
  let progress = PreparationProgress()
  defer { progress.clear() }
  try data.checkFiles(training: training, note: tell) { done, count in
    progress.show("reading images \(done)/\(count)")
  }
}

/// The folder that such a data set lies in, from the root on; nil for one that is made.
func datasetFolder(_ name: String, path: String?) throws -> String? {
  let path = path ?? DatasetName.folder(in: name)
  let name = try DatasetName(parsing: name)
  if case .synthetic = name { return nil }
  let locator = DatasetLocator(environment: ProcessInfo.processInfo.environment)
  return try locator.locate(name, explicit: path).standardizedFileURL.path
}

/// Whitenings in the user's cache; says when one is computed.
func whitenings() -> WhiteningStore {
  WhiteningStore(
    folder: cacheFolder(ProcessInfo.processInfo.environment)?.appending(path: "whitening").path,
    note: tell)
}

/// The recipe of a name, or of a JSON file: as 'widecl train --show' prints it, or a run's
/// config.json.
func readRecipe(_ nameOrFile: String) throws -> Recipe {
  guard nameOrFile.hasSuffix(".json") || nameOrFile.contains("/") else {
    return try Recipe.named(nameOrFile)
  }
  guard let json = FileManager.default.contents(atPath: nameOrFile) else {
    throw TrainingError.missing(nameOrFile, advice: "give a recipe's name or a JSON file")
  }
  if let configuration = try? RunConfiguration(json: json, source: nameOrFile) {
    return configuration.recipe
  }
  return try Recipe(json: json, source: nameOrFile)
}

/// Writes one line for people on standard error.
func tell(_ text: String) { StandardStreams.tell(text + "\n") }

/// Writes a line that was not written before.
@Sendable func tellOnce(_ text: String) {
  if toldLines.withLock({ $0.insert(text).inserted }) { tell(text) }
}

private let toldLines = Mutex<Set<String>>([])

/// Prints one JSON document with sorted keys on standard output.
func printJSON(_ value: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.nonConformingFloatEncodingStrategy = .convertToString(
    positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  print(String(decoding: try encoder.encode(value), as: UTF8.self))
}
