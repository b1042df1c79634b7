import Autotuner
import Foundation
import Synchronization

/// libFuzzer, which keeps what reaches new code and goes on from there.
///
/// It is there in a build with `WITH_COVERAGE` only: see the Makefile's `fuzz`.
enum Coverage {
  #if WITH_COVERAGE
    static let isBuiltIn = true
  #else
    static let isBuiltIn = false
  #endif

  private struct Session: @unchecked Sendable {  // libFuzzer calls back on the same thread
    let trial: Trial
    let mutator: Mutator
  }

  private static let session = Mutex<Session?>(nil)

  /// Reads hostile files until there were `inputs`, prints the tally and ends the process.
  static func run(_ mutator: Mutator, inputs: Int, seed: UInt64, folder: URL) {
    let trial = Trial(mutator.target, engine: "libFuzzer", seed: seed, folder: folder)
    session.withLock { $0 = Session(trial: trial, mutator: mutator) }
    for seed in mutator.target.seeds { trial.read(seed) }
    // libFuzzer ends the process itself.
    atexit {
      guard let trial = (Coverage.session.withLock { $0 })?.trial else { return }
      print(trial.report)
      try? FileManager.default.removeItem(at: trial.file.deletingLastPathComponent())
    }
    #if WITH_COVERAGE
      let arguments = [
        "widecl-fuzz", "-runs=\(inputs)", "-seed=\(UInt32(truncatingIfNeeded: seed))",
        "-timeout=0", "-rss_limit_mb=0", "-max_len=\(mutator.limit)", "-len_control=0",
        "-handle_abrt=0", "-handle_ill=0", "-handle_segv=0", "-handle_bus=0", "-handle_fpe=0",
        "-handle_trap=0", "-verbosity=0", "-reload=0",
      ]
      var count = Int32(arguments.count)
      var pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = .allocate(
        capacity: arguments.count + 1)
      for (index, argument) in arguments.enumerated() { pointers?[index] = strdup(argument) }
      pointers?[arguments.count] = nil
      _ = runDriver(&count, &pointers) { bytes, size in
        Coverage.read(bytes, size)
        return 0
      }
    #endif
  }

  fileprivate static func read(_ bytes: UnsafePointer<UInt8>?, _ size: Int) {
    guard let trial = (session.withLock { $0 })?.trial else { return }
    trial.read(Array(UnsafeBufferPointer(start: bytes, count: size)))
  }

  fileprivate static func mutate(
    _ bytes: UnsafeMutablePointer<UInt8>, _ size: Int, _ limit: Int, _ seed: UInt32
  ) -> Int {
    guard let mutator = (session.withLock { $0 })?.mutator else { return size }
    var generator = ExampleGenerator(seed: UInt64(seed))
    #if WITH_COVERAGE
      // Its own changes also put in what the code compared with.
      if size > 2, Int.random(in: 0..<3, using: &generator) == 0 {
        return changed(bytes, size, limit)
      }
    #endif
    var old = Array(UnsafeBufferPointer(start: bytes, count: size))
    // It starts from nothing, and long ways from a seed are seldom the best.
    if size <= 2 || Int.random(in: 0..<16, using: &generator) == 0 {
      old = mutator.target.seeds.randomElement(using: &generator) ?? old
    }
    let new = mutator.mutated(old, using: &generator).prefix(limit)
    _ = UnsafeMutableBufferPointer(start: bytes, count: limit).update(fromContentsOf: Array(new))
    return new.count
  }
}

#if WITH_COVERAGE
  @_silgen_name("LLVMFuzzerRunDriver")
  private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ read: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
  ) -> Int32

  @_silgen_name("LLVMFuzzerMutate")
  private func changed(_ bytes: UnsafeMutablePointer<UInt8>, _ size: Int, _ limit: Int) -> Int

  /// Gives libFuzzer changes that know the format.
  @_cdecl("LLVMFuzzerCustomMutator")
  public func mutate(
    _ bytes: UnsafeMutablePointer<UInt8>, _ size: Int, _ limit: Int, _ seed: UInt32
  ) -> Int {
    Coverage.mutate(bytes, size, limit, seed)
  }
#endif
