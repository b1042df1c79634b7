import Foundation
import Testing

/// A copy of the kernels' folder with one change, for `WIDECL_KERNELS`.
final class PatchedKernels {
  private static let repository = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private let folder: TemporaryFolder

  /// The copy's path.
  var path: String { folder.path("Kernels") }

  /// Replaces `text`, which must be in `file`, by `replacement`.
  init(_ file: String, replacing text: String, with replacement: String) throws {
    folder = try TemporaryFolder()
    let copy = folder.url.appending(path: "Kernels")
    try FileManager.default.copyItem(at: Self.repository.appending(path: "Kernels"), to: copy)
    let url = copy.appending(path: file)
    let source = try String(contentsOf: url, encoding: .utf8)
    try #require(source.contains(text), "\(file) has changed")
    try source.replacing(text, with: replacement).write(to: url, atomically: true, encoding: .utf8)
  }
}
