import Foundation
import Glibc

/// A run's page as it is now, which loads itself again when there is a new one.
package struct LivePage: Sendable {
  private let folder: String
  private var report: String { folder + "/report.html" }
  private var log: String { folder + "/log.jsonl" }

  /// The page of a run's folder; throws with status 65 or 66 where that is none.
  package init(folder: String) throws {
    _ = try Report(folder: folder)
    self.folder = folder
  }

  /// A text that changes whenever the page does.
  package var version: String {
    [report, log, folder + "/config.json"].map { path in
      LivePage.modification(of: path).map { "\($0.tv_sec).\($0.tv_nsec)" } ?? "-"
    }.joined(separator: " ")
  }

  /// The page that the run wrote after its last epoch, or one made from its log where that is newer.
  ///
  /// Throws with status 65 or 66 when the folder is no run's any more.
  package var html: String {
    get throws {
      let version = version
      let page = try writtenPage ?? Report(folder: folder).html
      return page.replacing("</main>", with: LivePage.footer(version: version) + "</main>")
    }
  }

  /// What the run wrote, unless it has begun anew since.
  private var writtenPage: String? {
    guard let page = LivePage.modification(of: report),
      let log = LivePage.modification(of: log),
      (page.tv_sec, page.tv_nsec) >= (log.tv_sec, log.tv_nsec)
    else { return nil }
    return try? String(contentsOfFile: report, encoding: .utf8)
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
