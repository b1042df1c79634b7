@preconcurrency import Glibc

/// Standard input, output and error, which may be closed, full, or read by nobody.
package enum StandardStreams {
  /// Opens those that are closed on /dev/null: else the next file that is opened gets the number
  /// of one of them, and the messages with it.
  package static func openClosed() {
    for descriptor in STDIN_FILENO...STDERR_FILENO
    where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
      // The lowest number that is free, which is this one.
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY)
    }
  }

  /// Makes writing to a pipe that nobody reads an error, instead of the end of the process.
  ///
  /// Programs that this one starts are not concerned, as they would be if the signal were ignored.
  package static func reportClosedPipes() {
    if isIgnored(SIGPIPE) { return }
    signal(SIGPIPE) { _ in }
  }

  /// Whether whoever started the process wants a signal to be ignored.
  package static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    sigaction(signal, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// Writes on standard error.
  ///
  /// What cannot be written there is dropped: nobody could be told.
  package static func tell(_ text: String) {
    try? SystemFiles().writeAll(STDERR_FILENO, Array(text.utf8))
  }

  /// Writes what was printed and is still in memory.
  ///
  /// Throws when that, or something before it, could not be written; a pipe that nobody reads is
  /// no failure.
  package static func finishOutput() throws(FileError) {
    let code = fflush(stdout) == 0 ? nil : errno
    guard code != nil || ferror(stdout) != 0 else { return }
    var request = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
    if code == EPIPE || poll(&request, 1, 0) > 0 && request.revents & Int16(POLLERR) != 0 { return }
    // The stream forgets why an earlier write failed.
    throw FileError(call: "write", code: code ?? EIO)
  }
}
