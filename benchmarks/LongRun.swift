import Datasets
import DeviceRuntime
import Foundation
import Models
import Training

/// A training of a small network that is watched for what grows.
struct LongRun {
  /// What one twentieth of the run ended with.
  struct Sample: Codable {
    var steps: Int
    var millisecondsPerStep: Double
    var residentBytes: Int
    var deviceBytes: Int
    var handles: [String: Int]

    var line: String {
      let kinds = handles.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
      return String(
        format: "%9d steps  %7.3f ms/step  process %7.1f MiB  device %6.2f MiB  ", steps,
        millisecondsPerStep, Double(residentBytes) / 0x1p20, Double(deviceBytes) / 0x1p20)
        + kinds.joined(separator: ", ")
    }
  }

  /// What is kept of a run.
  struct Result: Codable {
    var device: String
    var model: String
    var steps: Int
    var residentGrowthBytes: Int
    /// The last quarter's median time of a step over the second quarter's.
    var timeRatio: Double
    var samples: [Sample]
  }

  private static let intervals = 20
  private static let batch = 16
  /// The process may grow by so much after the first two of the intervals: the allocator's holes,
  /// the report's lines.
  private static let growthLimit = 8 << 20
  /// The last quarter's steps may take so much longer than the second quarter's; other programs
  /// take their part of the machine.
  private static let timeLimit = 1.3

  let steps: Int

  /// Trains and tells of each interval; `context` has nothing else to do.
  func run(on context: Context, report: (Sample) -> Void) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "long-run-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    var recipe = try Recipe.named("quick")
    recipe.epochs = LongRun.intervals
    recipe.batchSize = LongRun.batch
    let images = steps / LongRun.intervals * LongRun.batch
    let run = try TrainingRun(
      TrainingRun.Options(
        model: try ModelName(parsing: "wrn-10-1").model(),
        data: try .synthetic(SyntheticSize(parsing: "synthetic:1x8x8:4:\(images)")),
        recipe: recipe, seed: 1, limit: nil, folder: try RunFolder(folder.path, resume: false),
        resume: false), context: context)
    // A checkpoint a minute, ten times as many as usual.
    run.checkpointInterval = 60
    var samples: [Sample] = []
    var progress: ProgressLine?
    var begin = DispatchTime.now().uptimeNanoseconds
    _ = try run.run(
      progress: &progress,
      stop: {
        let trainer = run.trainer
        // Asked between two epochs, in or after the test, whose part of the time is small.
        guard trainer.step == 0, trainer.epoch == samples.count + 1 else { return false }
        let now = DispatchTime.now().uptimeNanoseconds
        let sample = Sample(
          steps: trainer.totalSteps,
          millisecondsPerStep: Double(now - begin) * 1e-6 / Double(trainer.stepsPerEpoch),
          residentBytes: residentBytes(), deviceBytes: context.allocatedBytes,
          handles: context.ledger.alive)
        samples.append(sample)
        report(sample)
        begin = DispatchTime.now().uptimeNanoseconds
        return false
      })
    let early = samples[(samples.count / 4)..<(samples.count / 2)]
    let late = samples[(samples.count * 3 / 4)...]
    return Result(
      device: context.info.name, model: "wrn-10-1", steps: run.trainer.totalSteps,
      residentGrowthBytes: (late.map(\.residentBytes).max() ?? 0) - samples[1].residentBytes,
      timeRatio: median(late.map(\.millisecondsPerStep)) / median(early.map(\.millisecondsPerStep)),
      samples: samples)
  }

  /// What grew beyond its bound, a sentence each; `checksTime` where nothing else runs.
  static func complaints(_ result: Result, checksTime: Bool) -> [String] {
    var complaints: [String] = []
    let first = result.samples[0]
    if result.samples.contains(where: { $0.handles != first.handles }) {
      complaints.append("the number of OpenCL objects changed")
    }
    if result.samples.contains(where: { $0.deviceBytes != first.deviceBytes }) {
      complaints.append("the device's memory changed")
    }
    if result.residentGrowthBytes > growthLimit {
      complaints.append(
        "the process grew by \(result.residentGrowthBytes) bytes, \(growthLimit) are allowed")
    }
    if checksTime && result.timeRatio > timeLimit {
      complaints.append(
        String(format: "steps took %.2f times as long at the end as before", result.timeRatio))
    }
    return complaints
  }
}

/// The bytes of this process that are in memory.
private func residentBytes() -> Int {
  let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
  let pages = fields.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
  return pages * Int(getpagesize())
}

private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

/// The command `long-run STEPS [FOLDER]`; its status is 1 when something grew.
///
/// The result goes into the folder of the device in FOLDER. Times are judged from 10,000 steps on.
func longRun(_ arguments: [String], on context: Context) throws -> Int32 {
  guard let steps = arguments.first.flatMap({ Int($0) }), steps >= 100 else {
    print("usage: widecl-benchmarks long-run STEPS [FOLDER], at least 100 steps")
    return 64
  }
  let result = try LongRun(steps: steps).run(on: context) { sample in
    print(sample.line)
    fflush(nil)
  }
  print(
    String(
      format: "the process grew by %.1f MiB after the first tenth; steps at the end take %.2f of "
        + "those before", Double(result.residentGrowthBytes) / 0x1p20, result.timeRatio))
  if arguments.count > 1 {
    let device = result.device.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
      .joined(separator: "-")
    let folder = URL(fileURLWithPath: arguments[1]).appending(path: device)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    try encoder.encode(result).write(to: folder.appending(path: "long-run.json"))
  }
  let complaints = LongRun.complaints(result, checksTime: steps >= 10_000)
  for complaint in complaints { print("too much: \(complaint)") }
  return complaints.isEmpty ? 0 : 1
}
