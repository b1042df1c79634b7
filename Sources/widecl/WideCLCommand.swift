import ArgumentParser
import CMalloc
import Files
import Glibc
import Training

/// The root command and the program's entry.
@main
struct WideCLCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "widecl",
    abstract: "Trains Wide Residual Networks on any OpenCL device.",
    discussion: """
      Environment:
        WIDECL_DEVICE   the default of --device
        WIDECL_DATA     a folder that holds data sets, each in a folder of its name
        WIDECL_MIRROR   a URL or folder that 'data fetch' takes NAME/FILE from
        WIDECL_KERNELS  a folder of kernels to use instead of the built-in ones
        WIDECL_MEMORY_LIMIT  the most of the device's memory to use: 512M, 6G

      Exit status:
        0    done
        64   wrong usage
        65   bad data or checkpoint
        66   no such file
        69   no usable device, or one that stopped working
        70   internal error, or a verification that failed
        73   cannot write
        75   out of device memory
        130  interrupted, the state saved
      """,
    version: "0.1.0",
    subcommands: [
      DevicesCommand.self, SummaryCommand.self, TrainCommand.self, EvaluateCommand.self,
      PredictCommand.self, ReportCommand.self, ExportCommand.self, ImportCommand.self,
      VerifyCommand.self, TuneCommand.self, BenchCommand.self, ReproduceCommand.self,
      DataCommand.self, ModelsCommand.self,
    ])

  static func main() {
    StandardStreams.openClosed()
    StandardStreams.reportClosedPipes()
    // Else glibc, once a large array is freed, keeps later ones in a heap that it hardly shrinks:
    // 77 MiB more for WRN-28-10.
    mallopt(M_MMAP_THRESHOLD, 1 << 20)
    // A write past the limit on the size of files is an error then, as on a full disk. Blocked and
    // not ignored: drivers set handlers of their own, by which the second such write ends the process.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGXFSZ)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    Surroundings.prepare()
    if let status = LimitedSpace.run() { end(status) }
    Interrupt.receiveOnOwnThread()
    do {
      try NamedCommand().check()
      var command = try parseAsRoot()
      try command.run()
    } catch {
      Failure.exit(error)
    }
    end(0)
  }

  /// Writes what was printed; where it cannot be, says so and ends the process with status 73.
  static func finishOutput() {
    do throws(FileError) { try StandardStreams.finishOutput() } catch {
      tell("widecl: standard output: cannot be written: \(error.reason); make room, or look there")
      _exit(73)
    }
  }

  /// Ends the process without the destructors of drivers and libraries: those of a lost device may
  /// wait for it for ever, and others take things away that threads, or each other, still need.
  static func end(_ status: Int32) -> Never {
    if status == 0 { finishOutput() } else { try? StandardStreams.finishOutput() }
    _exit(status)
  }
}
