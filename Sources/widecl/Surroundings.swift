import DeviceRuntime
import Foundation
import Glibc
import Spelling

/// The environment, made such that this program and the drivers that it loads find a place for
/// what they keep.
enum Surroundings {
  /// The variables that the program reads.
  static let variables = [
    "WIDECL_DEVICE", "WIDECL_DATA", "WIDECL_MIRROR", "WIDECL_KERNELS", "WIDECL_MEMORY_LIMIT",
  ]
  private static let ownPrefix = "WIDECL_"
  /// What the project's tests read is none of the program's.
  private static let testPrefix = ownPrefix + "TEST_"

  /// Changes the process' environment; before anything reads it, and before the first thread.
  static func prepare() {
    forgetEmpty()
    warnOfUnknown()
    findHome()
    HostProcessor.keepPoclThreadsApart()
  }

  /// A variable that is set but empty is one that is not set.
  private static func forgetEmpty() {
    for (name, value) in ProcessInfo.processInfo.environment where value.isEmpty {
      if name.hasPrefix(ownPrefix) || ["XDG_CACHE_HOME", "POCL_CACHE_DIR"].contains(name) {
        unsetenv(name)
      }
    }
  }

  private static func warnOfUnknown() {
    let unknown = ProcessInfo.processInfo.environment.keys.filter {
      $0.hasPrefix(ownPrefix) && !$0.hasPrefix(testPrefix) && !variables.contains($0)
    }
    for name in unknown.sorted() {
      let near = Spelling.nearest(to: name, among: variables)
      tell(
        "widecl: \(Failure.printable(name)) is no variable that is read; "
          + (near.map { "did you mean \($0)?" } ?? "'widecl --help' lists those that are"))
      // Processes that this one starts need not say it again.
      unsetenv(name)
    }
  }

  /// Without a home the password database has one, or a temporary folder takes its place: else
  /// caches would lie in the current folder.
  private static func findHome() {
    let slash = CChar(bitPattern: UInt8(ascii: "/"))
    func isPlace(_ name: String) -> Bool { getenv(name).map { $0[0] == slash } ?? false }
    if isPlace("HOME") || isPlace("XDG_CACHE_HOME") { return }
    if let entry = getpwuid(getuid()), let home = entry.pointee.pw_dir, home[0] == slash,
      access(home, W_OK | X_OK) == 0
    {
      setenv("HOME", home, 1)
      return
    }
    let folder = FileManager.default.temporaryDirectory.path + "/widecl-\(getuid())"
    mkdir(folder, 0o700)
    var status = stat()
    // Nobody else's: what lies there is run.
    guard lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
      status.st_uid == getuid(), status.st_mode & 0o022 == 0
    else { return tell("widecl: there is no HOME, and no folder for what can be made again") }
    setenv("XDG_CACHE_HOME", folder, 1)
    tell("widecl: there is no HOME: what can be made again is kept in \(folder)")
  }
}
