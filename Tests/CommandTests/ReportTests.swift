import Foundation
import Testing

/// The report in a real browser: Debian's chromium, which .ci/run installs.
@Suite(.serialized)
struct ReportTests {
  private static let browser = "/usr/bin/chromium"

  @Test func itIsMadeAgainFromTheLog() throws {
    let run = try Small.finished.get()
    let folder = try TemporaryFolder()
    let result = try Command.run("report", run.output, "--output", folder.path("page.html"))
    #expect(result.status == 0, "\(result.error)")
    let page = try String(contentsOfFile: folder.path("page.html"), encoding: .utf8)
    #expect(page.contains("<polyline"))
    try expectFailure(66, ["report", folder.url.path])
    try expectFailure(73, ["report", run.output, "--output", folder.path("none/page.html")])
  }

  @Test func theFirstScreenTellsTheCommandAndTheMoment() throws {
    let run = try Small.finished.get()
    let page = try String(contentsOfFile: run.output + "/report.html", encoding: .utf8)
    let first = page[..<(try #require(page.range(of: "<figure")).lowerBound)]
    #expect(first.contains("<dd>widecl train --model wrn-10-1 --data synthetic:1x8x8:4:64"))
    #expect(first.contains(/<dt>Begun<\/dt><dd>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ</))
    #expect(first.contains(/95 % interval [0-9.]+ to [0-9.]+ %/))
    #expect(first.contains("<dt>Recipe</dt><dd>2 epochs, batch 16,"))
    let classes = page.components(separatedBy: "test image ").count - 1
    #expect(classes >= 12)
  }

  @Test func aRunIsWatched() throws {
    let run = try Small.finished.get()
    let folder = try TemporaryFolder()
    let copy = folder.path("run")
    try FileManager.default.copyItem(atPath: run.output, toPath: copy)
    let command = try Command(["report", "--watch", copy, "--port", "0"])
    while command.isRunning, try !command.outSoFar().contains("\n") { usleep(5_000) }
    let address = try command.outSoFar().split(separator: "\n").map(String.init).first ?? ""
    #expect(address.wholeMatch(of: /http:\/\/127\.0\.0\.1:\d+\//) != nil, "\(address)")
    let page = try Self.curl(address)
    #expect(page.hasPrefix("200 ") && page.contains("<polyline") && page.contains("test image"))
    let version = try Self.curl(address + "version")
    #expect(version.hasPrefix("200 ") && page.contains("\"\(version.dropFirst(4))\""))
    #expect(try Self.curl(address + "config.json").hasPrefix("404 "))
    #expect(try Self.curl(address, "-H", "Host: example.com").hasPrefix("403 "))
    // Another epoch, as the run writes it: first its line, then its page.
    let log = try String(contentsOfFile: copy + "/log.jsonl", encoding: .utf8)
    let last = try #require(log.split(separator: "\n").last)
    let line = last.replacing("\"epoch\": 2", with: "\"epoch\": 3")
    try (log + line + "\n").write(toFile: copy + "/log.jsonl", atomically: true, encoding: .utf8)
    #expect(try Self.curl(address + "version") != version)
    #expect(try Self.curl(address).contains("after epoch 3"))
    let port = address.dropLast().split(separator: ":").last.map(String.init) ?? ""
    try expectFailure(73, ["report", "--watch", copy, "--port", port], mentions: "in use")
    command.interrupt()
    let result = try command.wait(seconds: 20)
    #expect(result.status == 130 && result.error.isEmpty, "\(result.error)")
    try expectFailure(66, ["report", "--watch", folder.url.path])
    try expectFailure(64, ["report", "--port", "0", copy])
    try expectFailure(64, ["report", "--watch", "--port", "70000", copy])
  }

  /// The status and the content of a URL.
  static func curl(_ address: String, _ options: String...) throws -> String {
    let folder = try TemporaryFolder()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
    process.arguments =
      ["-s", "-o", folder.path("body"), "-w", "%{http_code}"] + options + [address]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let status = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let body = try? String(contentsOfFile: folder.path("body"), encoding: .utf8)
    return String(decoding: status, as: UTF8.self) + " " + (body ?? "")
  }

  @Test(arguments: [375, 1280], [false, true])
  func itIsReadable(width: Int, dark: Bool) throws {
    let seen = try look(
      at: try Small.finished.get().output + "/report.html", width: width, dark: dark)
    // Errors, losses, rate, speed, and the calibration's diagonal.
    #expect((seen["lines"] as? Int ?? 0) == 7, "\(seen)")
    #expect((seen["images"] as? Int ?? 0) > 0 && seen["broken"] as? Int == 0, "\(seen)")
  }

  @Test func thePageOfSeveralRunsIsReadable() throws {
    let folder = try TemporaryFolder()
    let output = folder.path("runs")
    let result = try Command.run(
      Small.train + ["--epochs", "2", "--runs", "2", "--output", output])
    #expect(result.status == 0, "\(result.error)")
    let seen = try look(at: output + "/report.html", width: 375, dark: true)
    // Four medians and a curve a run; the medians have a spread.
    #expect(seen["lines"] as? Int == 6 && seen["bands"] as? Int == 4, "\(seen)")
  }

  /// Opens a page in a frame of `width` pixels and tells what is in it, once it is readable.
  private func look(at path: String, width: Int, dark: Bool) throws -> [String: Any] {
    try #require(
      FileManager.default.isExecutableFile(atPath: Self.browser),
      "the report was not looked at: install chromium, as .ci/run does")
    let page = try String(contentsOfFile: path, encoding: .utf8)
    let folder = try TemporaryFolder()
    // A window can't be as narrow as a phone, a frame can.
    let frame = page.replacing("&", with: "&amp;").replacing("\"", with: "&quot;")
    let harness = """
      <body style="margin:0"><iframe width="\(width)" height="900" style="border:0"
      srcdoc="\(frame)"></iframe><script>
      addEventListener("load", () => {
        const d = document.querySelector("iframe").contentDocument, e = d.documentElement
        const images = [...d.images]
        document.title = JSON.stringify({
          overflow: e.scrollWidth - e.clientWidth, lines: d.querySelectorAll("polyline").length,
          bands: d.querySelectorAll("polygon").length,
          images: images.length, broken: images.filter(i => i.naturalWidth != 8).length,
          width: e.clientWidth, background: getComputedStyle(d.body).backgroundColor})
      })</script>
      """
    let file = folder.path("harness.html")
    try Data(harness.utf8).write(to: URL(fileURLWithPath: file))
    let (dom, log) = try Self.browse(file, dark: dark, in: folder)
    let title = try #require(
      dom.firstMatch(of: /<title>(\{.*?\})<\/title>/)?.1, "\(dom.suffix(300)) \(log.suffix(600))")
    let seen = try #require(
      try JSONSerialization.jsonObject(with: Data(title.utf8)) as? [String: Any])
    #expect(seen["overflow"] as? Int == 0, "\(title)")
    #expect(seen["width"] as? Int == width, "\(title)")
    let light = "rgb(255, 255, 255)"
    #expect((seen["background"] as? String == light) != dark, "\(title)")
    #expect(!log.contains("CONSOLE"), "\(log)")
    return seen
  }

  /// The page after its scripts and what the browser logged.
  private static func browse(
    _ file: String, dark: Bool, in folder: TemporaryFolder
  ) throws -> (dom: String, log: String) {
    let (out, log) = (folder.path("out"), folder.path("log"))
    for path in [out, log] { try Data().write(to: URL(fileURLWithPath: path)) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: browser)
    process.arguments =
      [
        "--headless=new", "--hide-scrollbars", "--no-sandbox", "--disable-gpu",
        "--enable-logging=stderr",
        "--window-size=1400,1000", "--user-data-dir=" + folder.path("profile"),
        "--virtual-time-budget=5000",
      ] + (dark ? ["--force-dark-mode"] : []) + ["--dump-dom", "file://" + file]
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: out))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
    try process.run()
    process.waitUntilExit()
    return (
      try String(contentsOfFile: out, encoding: .utf8),
      try String(contentsOfFile: log, encoding: .utf8)
    )
  }
}
