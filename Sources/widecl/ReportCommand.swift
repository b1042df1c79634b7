import ArgumentParser
import Foundation
import Training

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Makes the page of a run's curves again, or shows it live.",
    discussion: """
      The page made again has no answers to test images, which only 'widecl train' has at hand; it \
      goes to another file so that the run's own report stays. With --watch nothing is written: a \
      browser on this machine shows the run's report, and the next one after each epoch, until \
      Ctrl-C.

      Examples:
        widecl report runs/first
        widecl report runs/first --watch
      """)

  @Argument(help: "The run's folder, as 'widecl train' wrote it.") var folder: String
  @Option(help: "The file to write; report-curves.html in the folder by default.")
  var output: String?
  @Flag(help: "Serve the page at http://127.0.0.1:PORT while the run goes on.") var watch = false
  @Option(
    parsing: .unconditional, help: "With --watch: the port; 0 for any that is free. Default: 8421.")
  var port: UInt16?

  func validate() throws {
    if watch && output != nil { throw ValidationError("--watch writes no --output") }
    if !watch && port != nil { throw ValidationError("--port goes with --watch") }
  }

  func run() throws {
    if watch {
      let server = ReportServer(page: try LivePage(folder: folder), port: port ?? 8421)
      try server.serve { address in
        print(address)
        // Whoever reads it through a pipe needs it now, and nobody finds a page without it.
        WideCLCommand.finishOutput()
      }
      throw ExitCode(Interrupt.exitStatus)
    }
    let path = output ?? folder + "/report-curves.html"
    try Report(folder: folder).write(to: path)
    printPath(path)
  }
}
