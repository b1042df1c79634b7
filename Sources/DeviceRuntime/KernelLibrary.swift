import CKernels
import COpenCL
import Foundation

/// The kernels' sources: those in the binary, or a folder's when one is given.
package struct KernelLibrary: Sendable {
  /// A folder laid out as Kernels/, read instead of the embedded sources; nil for those.
  package var directory: URL?

  package init(directory: URL? = nil) { self.directory = directory }

  /// The paths of the embedded files, for example "conv2d/conv2d_forward.cl".
  package static var embeddedPaths: [String] { embedded.map(\.path) }

  /// The source at `path` with its includes put in, lines numbered as in the files.
  package func source(_ path: String) throws(CLError) -> String {
    var included: Set<String> = []
    return try expand(path, included: &included)
  }

  private func expand(_ path: String, included: inout Set<String>) throws(CLError) -> String {
    var result = "#line 1 \"\(path)\"\n"
    for (number, line) in try text(at: path).split(
      separator: "\n", omittingEmptySubsequences: false
    ).enumerated() {
      let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
      if line.hasPrefix("#include \""), parts.count == 3 {
        let target = String(parts[1])
        if included.insert(target).inserted {
          result += try expand(target, included: &included)
          result += "#line \(number + 2) \"\(path)\"\n"
        } else {
          result += "\n"
        }
      } else {
        result += line + "\n"
      }
    }
    return result
  }

  private func text(at path: String) throws(CLError) -> String {
    if let directory {
      do {
        return try String(contentsOf: directory.appending(path: path), encoding: .utf8)
      } catch {
        throw CLError(
          code: CL_INVALID_VALUE, function: "reading the kernel \(path)",
          detail: "not readable in \(directory.path)")
      }
    }
    guard let file = Self.embedded.first(where: { $0.path == path }) else {
      throw CLError(
        code: CL_INVALID_VALUE, function: "reading the kernel \(path)",
        detail: "no such file in the binary")
    }
    return file.text
  }

  private static var embedded: [(path: String, text: String)] {
    (0..<widecl_kernel_source_count()).compactMap { index in
      guard let table = widecl_kernel_sources() else { return nil }
      let entry = table[index]
      return (
        String(cString: entry.path),
        String(decoding: UnsafeBufferPointer(start: entry.bytes, count: entry.count), as: UTF8.self)
      )
    }
  }
}
