import Autotuner
import DeviceRuntime
import Foundation
import Training

/// The folder where pocl keeps compiled kernels.
func poclCache() -> String {
  let environment = ProcessInfo.processInfo.environment
  if let folder = environment["POCL_CACHE_DIR"] { return folder }
  if let folder = environment["XDG_CACHE_HOME"] { return folder + "/pocl/kcache" }
  return (environment["HOME"] ?? "/tmp") + "/.cache/pocl/kcache"
}

/// Has a run's kernels compiled in several processes where the driver compiles on one core.
func compileAhead(in context: Context) {
  let compilation = KernelCompilation(
    executable: "/proc/self/exe",
    arguments: ["tune", "--compiler", "--device", String(context.device.index)],
    cache: URL(fileURLWithPath: poclCache()), environment: ProcessInfo.processInfo.environment)
  context.compileAhead { [unowned context] builds, bytes in
    compilation.compile(builds, bytes: bytes, in: context) { Interrupt.isRequested }
  }
}

/// The worker's side: reads the kernels from standard input and writes a line for each.
func runCompilingWorker(_ options: DeviceOptions) throws {
  guard
    let work = try? JSONDecoder().decode(
      KernelCompilation.Work.self, from: FileHandle.standardInput.readDataToEndOfFile())
  else {
    throw TuningError(
      .badData, "standard input", why: "it holds no kernels", advice: "use 'widecl train'")
  }
  let parent = getppid()
  let queue = try options.makeContext(isWorker: true).makeQueue()
  for build in work.builds where getppid() == parent {
    try build.compile(on: queue, bytes: work.bytes)
    sendEvent(build.entryPoint)
  }
}
