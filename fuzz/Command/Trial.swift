import Dispatch
import Foundation
import Meter

/// What reading hostile files came to so far.
struct Tally: Encodable {
  var target: String
  /// "libFuzzer", guided by coverage, or "mutations" of intact files.
  var engine: String
  var seed: UInt64
  var inputs = 0
  /// Inputs that were read without an error.
  var accepted = 0
  var seconds = 0.0
  /// The longest that one input took.
  var slowestMilliseconds = 0.0
  /// The most memory that reading one input took, and for each byte of it beyond what is free.
  var largestMemory = 0
  var largestMemoryPerByte = 0.0
  var peakResidentMiB = 0
}

/// Reads hostile files one after another, each within limits of time and memory.
///
/// Whatever breaks a limit or traps ends the process; the file it read stays where it is.
final class Trial {
  /// Nothing that small may take longer.
  static let secondsPerInput: UInt32 = 10

  let target: Target
  let file: URL
  private(set) var tally: Tally
  private let begin = DispatchTime.now().uptimeNanoseconds

  init(_ target: Target, engine: String, seed: UInt64, folder: URL) {
    self.target = target
    file = folder.appending(path: target.fileName)
    tally = Tally(target: target.name, engine: engine, seed: seed)
  }

  func read(_ bytes: [UInt8]) {
    put(bytes)
    alarm(Trial.secondsPerInput)
    let start = DispatchTime.now().uptimeNanoseconds
    meter_start()
    do {
      try target.read(file, bytes)
      tally.accepted += 1
    } catch {
      checkRefusal(error)
    }
    let memory = meter_peak()
    let end = DispatchTime.now().uptimeNanoseconds
    alarm(0)
    demand(
      memory <= Target.freeMemory + target.memoryPerByte * bytes.count,
      "\(memory) bytes of memory for a file of \(bytes.count)")
    tally.inputs += 1
    tally.slowestMilliseconds = max(tally.slowestMilliseconds, Double(end - start) * 1e-6)
    tally.largestMemory = max(tally.largestMemory, memory)
    if memory > Target.freeMemory, !bytes.isEmpty {
      tally.largestMemoryPerByte = max(
        tally.largestMemoryPerByte, Double(memory - Target.freeMemory) / Double(bytes.count))
    }
  }

  /// The tally as a line of JSON.
  var report: String {
    var tally = tally
    tally.seconds = Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    tally.peakResidentMiB = usage.ru_maxrss / 1024
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(tally) else { preconditionFailure("a tally") }
    return String(decoding: data, as: UTF8.self)
  }

  private func put(_ bytes: [UInt8]) {
    let descriptor = open(file.path, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
    let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    guard written == bytes.count else { fatalError("\(file.path) cannot be written") }
    close(descriptor)
  }
}
