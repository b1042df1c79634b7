import Foundation
import Glibc

/// Runs the command in a child where files cannot grow.
///
/// There a compiler in a driver may end the process that it works for; the child's end is told as
/// what it is.
enum LimitedSpace {
  /// The name that the child is started by, which tells it what it is.
  private static let childName = "widecl-in-limited-space"
  /// What kernels and their compilation take, and some room.
  private static let enough = 64 << 20

  /// The command's status where it was run in a child; nil where it is this process that runs it.
  static func run() -> Int32? {
    guard CommandLine.arguments.first != childName, let limit = description() else { return nil }
    var wanted = sigset_t()
    sigemptyset(&wanted)
    let forwarded = [SIGINT, SIGTERM, SIGHUP]
    for number in forwarded + [SIGCHLD] { sigaddset(&wanted, number) }
    var before = sigset_t()
    pthread_sigmask(SIG_BLOCK, &wanted, &before)
    signal(SIGCHLD, SIG_DFL)
    guard let child = start(signals: &before) else {
      pthread_sigmask(SIG_SETMASK, &before, nil)
      return nil
    }
    var status: Int32 = 0
    while true {
      let ended = waitpid(child, &status, WNOHANG)
      if ended == child || ended < 0 && errno != EINTR { break }
      var number: Int32 = 0
      sigwait(&wanted, &number)
      // A terminal sends its own to both; two at once count as one.
      if forwarded.contains(number) { kill(child, number) }
    }
    let number = status & 0x7f
    // LLVM ends a process with 1, which is no status of this program, or by abort.
    let ends = [SIGABRT, SIGBUS, SIGSEGV, SIGILL, SIGXFSZ]
    guard number == 0 ? status >> 8 & 0xff == 1 : ends.contains(number) else {
      return number == 0 ? status >> 8 & 0xff : 128 + number
    }
    tell(
      "widecl: the driver's compiler ended the command, as it does where it cannot write: \(limit);"
        + " make room, raise the limit, or set POCL_CACHE_DIR to a folder on another disk")
    return 73
  }

  /// What keeps files from growing; nil where nothing does.
  private static func description() -> String? {
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0,
      limit.rlim_cur != rlim_t.max
    {
      return "a file may have \(limit.rlim_cur >> 10) KiB at most ('ulimit -f')"
    }
    var folder = poclCache()
    var system = statvfs()
    while statvfs(folder, &system) != 0 {
      let parent = URL(fileURLWithPath: folder).deletingLastPathComponent().path
      if parent == folder { return nil }
      folder = parent
    }
    let free = Int(system.f_bavail) * Int(system.f_frsize)
    return free < enough ? "the disk of \(folder) has \(free >> 20) MiB free" : nil
  }

  private static func start(signals: inout sigset_t) -> pid_t? {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var words: [UnsafeMutablePointer<CChar>?] =
      ([childName] + CommandLine.arguments.dropFirst()).map { strdup($0) }
    words.append(nil)
    defer { for word in words { free(word) } }
    var child: pid_t = 0
    // The file that runs, also where it was started by a relative path or moved meanwhile.
    guard posix_spawn(&child, "/proc/self/exe", nil, &attributes, words, environ) == 0 else {
      return nil
    }
    return child
  }
}
