import ArgumentParser
import Training

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Makes the page of a run's curves again, from its log.",
    discussion: """
      The page has no answers to test images, which only 'widecl train' has at hand; it goes to \
      another file so that the run's own report stays.
      """)

  @Argument(help: "The run's folder, as 'widecl train' wrote it.") var folder: String
  @Option(help: "The file to write; report-curves.html in the folder by default.")
  var output: String?

  func run() throws {
    let path = output ?? folder + "/report-curves.html"
    try Report(folder: folder).write(to: path)
    printPath(path)
  }
}
