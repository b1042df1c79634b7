import Foundation

/// A copy of the kernels' folder with one change, for `WIDECL_KERNELS` or a `KernelLibrary`.
package final class PatchedKernels {
  private static let repository = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private let folder: URL

  /// The copy.
  package var url: URL { folder.appending(path: "Kernels") }
  /// The copy's path.
  package var path: String { url.path }

  /// Replaces `text`, which must be in `file`, by `replacement`.
  package convenience init(
    _ file: String, replacing text: String, with replacement: String
  ) throws {
    try self.init()
    let url = self.url.appending(path: file)
    let source = try String(contentsOf: url, encoding: .utf8)
    precondition(source.contains(text), "\(file) has changed")
    try source.replacing(text, with: replacement).write(to: url, atomically: true, encoding: .utf8)
  }

  /// Adds a file.
  package convenience init(adding file: String, _ source: String) throws {
    try self.init()
    try source.write(to: url.appending(path: file), atomically: true, encoding: .utf8)
  }

  /// Applies a patch of the repository, whose paths begin in the kernels' folder.
  package convenience init(applying patch: String) throws {
    try self.init()
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/git")
    process.currentDirectoryURL = url
    process.arguments = ["apply", Self.repository.appending(path: patch).path]
    try process.run()
    process.waitUntilExit()
    precondition(process.terminationStatus == 0, "\(patch) cannot be applied")
  }

  private init() throws {
    folder = FileManager.default.temporaryDirectory
      .appending(path: "widecl-kernels-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: Self.repository.appending(path: "Kernels"), to: folder.appending(path: "Kernels"))
  }

  deinit { try? FileManager.default.removeItem(at: folder) }
}
