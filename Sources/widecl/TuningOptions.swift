import ArgumentParser
import Autotuner
import DeviceRuntime
import Foundation
import Operators
import Training

/// Which tuning results are used, and whether some are made first.
struct TuningOptions: ParsableArguments {
  @Option(help: "all, or direct for exact algorithms only: no Winograd.")
  var algorithms: Algorithms = .all

  @Flag(
    help: """
      Never tune first: use the results there are, else defaults. Only train and bench tune, and \
      only where no results fit: on a GPU, and on a CPU if --tune-budget is given.
      """)
  var noTune = false

  @Option(
    help: ArgumentHelp(
      "How long such a tuning takes at most; 60s where it is not given.", valueName: "time"),
    transform: parseSeconds)
  var tuneBudget: Double?

  @Option(
    help: ArgumentHelp(
      "The results to use: auto, none for the defaults, or only those of a file.",
      valueName: "auto-none-file"))
  var tuning = "auto"

  /// The chooser over the user's and the shipped results; tells of files that were put aside.
  func chooser(for context: Context) throws -> TunedChooser {
    switch tuning {
    case "none": return TunedChooser([], algorithms: algorithms, distrust: userDistrust())
    case "auto":
      let content = userStore()?.load() ?? TuningStore.Content()
      for complaint in content.complaints { tell("widecl: \(complaint)") }
      return TunedChooser(
        [content.database, TuningDatabase(shippedWith: context.kernels)], algorithms: algorithms,
        distrust: userDistrust())
    default:
      return TunedChooser(
        [try readTuningFile(tuning)], algorithms: algorithms, distrust: userDistrust())
    }
  }

  /// The same, after a tuning of what has no result that fits, unless `--no-tune` is given.
  ///
  /// A tuning that fails costs speed, not the run.
  func chooser(for context: Context, tuning model: ModelTuning) throws -> TunedChooser {
    let chooser = try chooser(for: context)
    guard !noTune, tuning == "auto", let store = userStore() else { return chooser }
    // A model ranks the defaults of a CPU whose registers are known.
    guard
      tuneBudget != nil || context.info.kind == .gpu || context.info.vectorRegisters == 0
    else { return chooser }
    let seconds = tuneBudget ?? 60
    let tasks = try TuningTask.tasks(
      of: model.instances(on: context.info, choosing: chooser), on: context.info)
    let untuned = try chooser.untuned(
      tasks, among: allOperations, on: context.info, share: 0.02)
    guard !untuned.isEmpty else { return chooser }
    tell(
      "tuning \(untuned.count) shapes for \(context.info.name), at most \(Int(seconds)) s, "
        + "once; --no-tune skips this")
    do {
      let outcome = try runTuning(
        TuningWork(tasks: untuned, seconds: seconds, algorithms: algorithms), store: store,
        device: context.device.index, report: { tell("  " + $0.summary) })
      switch outcome {
      case .finished: break
      case .stopped: throw ExitCode(Interrupt.exitStatus)
      case .failed, .crashed: tell("widecl: the tuning failed; the defaults are used")
      }
    } catch let error as TuningError {
      tell("widecl: \(error); the defaults are used")
    }
    return try self.chooser(for: context)
  }
}

extension Algorithms: ExpressibleByArgument {}

/// The user's results; nil where there is no cache folder.
func userStore() -> TuningStore? { storeOfEnvironment }

/// Made once, as the digest takes reading all kernels.
///
/// Results with other kernels than the built-in ones lie apart, and hold for just these.
private let storeOfEnvironment: TuningStore? = {
  let environment = ProcessInfo.processInfo.environment
  guard let folder = cacheFolder(environment) else { return nil }
  let kernels = kernelLibrary(environment)
  let digest = kernels.digest.map { String($0, radix: 16) } ?? ""
  return kernels.directory == nil
    ? TuningStore(folder: folder.path, kernels: digest)
    : TuningStore(folder: folder.appending(path: "kernels/\(digest)").path)
}()

/// The user's results; an error where there is no cache folder.
func requiredUserStore() throws(TuningError) -> TuningStore {
  guard let store = userStore() else {
    throw TuningError(
      .cannotWrite, "the cache folder", why: "neither HOME nor XDG_CACHE_HOME is set",
      advice: "set one of them")
  }
  return store
}

/// What crashed while it was tuned on the user's devices, or was found wrong there.
func userDistrust() -> Distrust {
  var distrust = userStore()?.distrust ?? Distrust()
  distrust.note = { tellOnce("widecl: \($0)") }
  return distrust
}

/// Reads a file of tuning results that the user names.
func readTuningFile(_ path: String) throws -> TuningDatabase {
  guard let data = FileManager.default.contents(atPath: path) else {
    throw TuningError(
      .missingFile, path, why: "no such file, or not readable",
      advice: "give a file that 'widecl tune --export' wrote")
  }
  return try TuningDatabase(json: Array(data), path: path)
}

/// Reads 90, 90s, 10m or 2h.
func parseSeconds(_ text: String) throws -> Double {
  let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
  let unit = text.last.flatMap { units[$0] }
  let number = unit == nil ? text[...] : text.dropLast()
  guard let value = Double(number), value.isFinite, value > 0, value * (unit ?? 1) <= 1e7 else {
    throw ValidationError("'\(text)' is no time; write such as 90s, 10m or 2h")
  }
  return value * (unit ?? 1)
}
