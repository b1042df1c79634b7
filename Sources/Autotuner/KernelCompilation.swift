import DeviceRuntime
import Foundation
import Glibc

/// Compiles kernels in several processes, for pocl, which generates code on one core at a time.
///
/// Processes that compile at once must not share pocl's cache: each has a folder of its own, whose
/// programs are moved into the cache as a whole. A list beside them tells the next run that they are
/// there. Nothing here is an error for the caller: what was not compiled is when it is needed.
package struct KernelCompilation: Sendable {
  /// What one process compiles.
  package struct Work: Codable, Sendable {
    package var builds: [KernelBuild]
    /// Bytes of the largest buffer.
    package var bytes: Int
  }

  private let executable: String
  private let arguments: [String]
  private let cache: URL
  private let environment: [String: String]

  /// Fewer kernels than this are compiled sooner than processes have started.
  private static let fewest = 12
  private static let mostProcesses = 8
  /// Memory of a compiler, and some room.
  private static let bytesOfProcess = 512 << 20
  /// What the folders of processes begin with, before the number of the one that they work for.
  private static let prefix = "widecl-compile-"
  /// A process without a sign of life for so many seconds is ended.
  private static let patience = 120.0
  /// Below it `malloc` may hand out what was used before, where kernels expect indices.
  private static let fewestBytes = 2 << 20

  /// `arguments` make the executable read `Work` and write a line for each kernel; `cache` is pocl's
  /// folder, `environment` has the variables that may change its compiler.
  package init(
    executable: String, arguments: [String], cache: URL, environment: [String: String]
  ) {
    self.executable = executable
    self.arguments = arguments
    self.cache = cache
    self.environment = environment
  }

  private var list: URL { cache.appending(path: "widecl-kernels") }

  /// Compiles those of the kernels that the cache is not known to have, until `stop`.
  package func compile(
    _ builds: [KernelBuild], bytes: Int, in context: Context, stop: () -> Bool
  ) {
    let info = context.info
    let processes = min(
      info.computeUnits, KernelCompilation.mostProcesses,
      info.globalMemory / KernelCompilation.bytesOfProcess)
    guard info.isPocl, info.kind == .cpu, processes > 1, !stop() else { return }
    let known = Set(
      ((try? String(contentsOf: list, encoding: .utf8)) ?? "").split(separator: "\n")
        .map(String.init))
    let device = info.compilerDigest(environment: environment)
    var seen = known
    let names = builds.compactMap { build in
      (try? digest(build, device: device, in: context)).map { (build: build, digest: $0) }
    }.filter { seen.insert($0.digest).inserted }
    guard names.count >= KernelCompilation.fewest else { return }
    removeOrphans()
    let folder = cache.appending(path: KernelCompilation.prefix + String(getpid()))
    defer { try? FileManager.default.removeItem(at: folder) }
    guard
      run(shares(names.map { $0.build }, processes), bytes: bytes, in: folder, context, stop: stop)
    else { return }
    guard let file = fopen(list.path, "a") else { return }
    fputs(names.map { $0.digest + "\n" }.joined(), file)
    fclose(file)
  }

  /// Removes what processes left that were killed.
  private func removeOrphans() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: cache.path)) ?? []
    for name in names where name.hasPrefix(KernelCompilation.prefix) {
      let process = Int32(name.dropFirst(KernelCompilation.prefix.count)) ?? 0
      guard process <= 0 || kill(process, 0) != 0 && errno == ESRCH else { continue }
      try? FileManager.default.removeItem(at: cache.appending(path: name))
    }
  }

  private func digest(
    _ build: KernelBuild, device: String, in context: Context
  ) throws -> String {
    let program = try context.digest(build.source, macros: build.macros)
    let text = "\(device) \(program) \(build.entryPoint) \(build.local)"
    return String(fnv1a(text.utf8), radix: 16)
  }

  /// The kernels of a program stay together; programs of one source, which take about as long, are
  /// dealt out in turns.
  private func shares(_ builds: [KernelBuild], _ processes: Int) -> [[KernelBuild]] {
    let programs = Dictionary(grouping: builds) { "\($0.source) \($0.macros)" }
      .sorted { $0.key < $1.key }.map(\.value)
    return (0..<processes).map { process in
      programs.indices.filter { $0 % processes == process }.flatMap { programs[$0] }
    }
  }

  /// Whether all processes compiled their share.
  private func run(
    _ shares: [[KernelBuild]], bytes: Int, in folder: URL, _ context: Context, stop: () -> Bool
  ) -> Bool {
    let count = shares.map(\.count).reduce(0, +)
    let workers = shares.enumerated().compactMap { index, builds in
      Worker(
        self, Work(builds: builds, bytes: max(bytes, KernelCompilation.fewestBytes)),
        cache: folder.appending(path: String(index)))
    }
    guard workers.count == shares.count else {
      for worker in workers { _ = worker.end() }
      return false
    }
    defer { context.report(Preparation(.compiling, done: count, of: count)) }
    while workers.contains(where: \.isRunning) {
      for worker in workers where worker.isRunning { worker.listen() }
      if stop() {
        for worker in workers { _ = worker.end() }
        return false
      }
      let done = workers.map(\.done).reduce(0, +)
      context.report(Preparation(.compiling, done: min(done, count - 1), of: count))
    }
    let succeeded = workers.map { $0.end() }
    for (worker, isWhole) in zip(workers, succeeded) where isWhole {
      KernelCompilation.merge(worker.cache, into: cache)
    }
    return succeeded.allSatisfy { $0 }
  }

  /// Moves what a folder has and the other lacks.
  static func merge(_ folder: URL, into target: URL) {
    if rename(folder.path, target.path) == 0 { return }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    for name in names { merge(folder.appending(path: name), into: target.appending(path: name)) }
  }

  private final class Worker {
    let cache: URL
    private(set) var done = 0
    private(set) var isRunning = true
    private let child: ChildProcess
    private var lastSign = Date()

    /// Starts a process; nil where it cannot be.
    init?(_ compilation: KernelCompilation, _ work: Work, cache: URL) {
      self.cache = cache
      do {
        try FileManager.default.createDirectory(at: cache, withIntermediateDirectories: true)
        // One thread launches a group; those of several processes must not be kept on one core.
        child = try ChildProcess(
          executable: compilation.executable, arguments: compilation.arguments,
          input: try JSONEncoder().encode(work), folder: cache.path,
          variables: [
            "POCL_CACHE_DIR": cache.path, "POCL_AFFINITY": "0", "POCL_MAX_PTHREAD_COUNT": "1",
          ], isSilent: true)
      } catch { return nil }
    }

    /// Waits a moment for lines.
    func listen() {
      guard let bytes = child.read(milliseconds: 50) else { return isRunning = false }
      if !bytes.isEmpty { lastSign = Date() }
      done += bytes.count { $0 == UInt8(ascii: "\n") }
      if lastSign.timeIntervalSinceNow < -KernelCompilation.patience { child.signal(SIGKILL) }
    }

    /// Whether it came to its end; ends it where it did not.
    func end() -> Bool {
      if isRunning { child.signal(SIGKILL) }
      return child.wait() == 0
    }
  }
}
