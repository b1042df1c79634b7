import Foundation
import Glibc

/// A process in a group of its own, so that Ctrl-C in a terminal reaches only its parent.
struct ChildProcess: ~Copyable {
  private let pid: pid_t
  private let output: Int32

  /// Starts `executable`, which reads `input`, with `variables` put over the environment.
  ///
  /// What has no place elsewhere lies in `folder` for a moment. With `isSilent` nobody sees its
  /// standard error.
  init(
    executable: String, arguments: [String], input: Data, folder: String,
    variables: [String: String] = [:], isSilent: Bool = false
  ) throws(TuningError) {
    func failure(_ call: String, _ code: Int32) -> TuningError {
      TuningError(
        .cannotWrite, folder, why: "\(String(cString: strerror(code))) (\(call))",
        advice: "make room on the disk, or set XDG_CACHE_HOME")
    }
    // A file without a name: it is gone with its descriptor.
    var template = Array((folder + "/.widecl-work-XXXXXX").utf8CString)
    let inputFile = mkstemp(&template)
    guard inputFile >= 0 else { throw failure("mkstemp", errno) }
    defer { close(inputFile) }
    unlink(template)
    let written = input.withUnsafeBytes { write(inputFile, $0.baseAddress, $0.count) }
    guard written == input.count else { throw failure("write", written < 0 ? errno : ENOSPC) }
    lseek(inputFile, 0, SEEK_SET)
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw failure("pipe", errno) }
    // The child must not keep its own copies, or the end of its output is never seen.
    for descriptor in ends + [inputFile] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[1]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, inputFile, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    if isSilent {
      posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // Signals that the parent ignores or blocks must be able to end the child.
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var pointers: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    let environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
    var assignments: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") }
    assignments.append(nil)
    defer { for assignment in assignments { free(assignment) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, executable, &actions, &attributes, pointers, assignments)
    guard code == 0 else {
      close(ends[0])
      throw failure("posix_spawn of \(executable)", code)
    }
    self.pid = pid
    output = ends[0]
  }

  deinit { close(output) }

  /// What the child has written meanwhile, empty after the time; nil at the end of its output.
  func read(milliseconds: Int32) -> [UInt8]? {
    var request = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
    guard poll(&request, 1, milliseconds) > 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: 65536)
    let count = Glibc.read(output, &bytes, bytes.count)
    if count < 0 { return errno == EINTR || errno == EAGAIN ? [] : nil }
    return count == 0 ? nil : Array(bytes[..<count])
  }

  func signal(_ number: Int32) { kill(pid, number) }

  /// Waits for the end and returns the status as waitpid gives it.
  func wait() -> Int32 {
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    return status
  }
}
