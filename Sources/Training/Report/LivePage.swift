import Foundation
import Glibc

/// A run's page as it is now, which loads itself again when there is a new one.
package struct LivePage: Sendable {
  private let folder: String
  private var report: String { folder + "/report.html" }

  /// The page of a run's folder; throws with status 65 or 66 where that is none.
  package init(folder: String) throws {
    _ = try Report(folder: folder)
    self.folder = folder
  }

  /// A text that changes whenever the page does.
  package var version: String {
    [report, folder + "/log.jsonl", folder + "/config.json"].map { path in
      LivePage.modification(of: path).map { "\($0.tv_sec).\($0.tv_nsec)" } ?? "-"
    }.joined(separator: " ")
  }

  /// The page that the run wrote after its last epoch, or one made from its log where that has
  /// another last epoch.
  ///
  /// Throws with status 65 or 66 when the folder is no run's any more.
  package var html: String {
    get throws {
      let version = version
      let made = try Report(folder: folder)
      let written = try? String(contentsOfFile: report, encoding: .utf8)
      let page = written.flatMap { $0.contains(made.epochMark) ? $0 : nil } ?? made.html
      return page.replacing("</main>", with: LivePage.footer(version: version) + "</main>")
    }
  }

  private static func modification(of path: String) -> timespec? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mtim : nil
  }

  private static func footer(version: String) -> String {
    """
    <p id="live">This page follows the run: it is loaded again after each epoch.</p>
    <script>
    setInterval(async () => {
      const live = document.getElementById("live")
      try {
        const answer = await fetch("version")
        if (await answer.text() !== "\(version)") location.reload()
      } catch {
        live.textContent = "'widecl report --watch' has ended; this page stays as it is."
      }
    }, 2000)
    </script>

    """
  }
}
