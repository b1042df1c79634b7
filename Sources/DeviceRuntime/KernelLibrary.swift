import CKernels
import COpenCL
import Foundation

/// The kernels' sources: those in the binary, or a folder's when one is given.
package struct KernelLibrary: Sendable {
  /// A folder laid out as Kernels/, read instead of the embedded sources; nil for those.
  package var directory: URL?

  package init(directory: URL? = nil) { self.directory = directory }

  /// The paths of the embedded kernels, for example "conv2d/conv2d_forward.cl".
  package static var embeddedPaths: [String] {
    table.map { String(cString: $0.path) }.filter { !isTuned($0) }
  }

  /// The tuning results that come with the kernels: the JSON files of the folder "tuned".
  package var tunedFiles: [(path: String, text: String)] {
    let paths: [String]
    if let directory {
      let folder = directory.appending(path: "tuned").path
      paths = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .map { "tuned/" + $0 }
    } else {
      paths = Self.table.map { String(cString: $0.path) }
    }
    return paths.filter(Self.isTuned).sorted().compactMap { path in
      (try? text(at: path, includedBy: nil)).map { (path, $0) }
    }
  }

  private static func isTuned(_ path: String) -> Bool {
    path.hasPrefix("tuned/") && path.hasSuffix(".json")
  }

  /// The paths of the kernels and of what they include; nil where a folder cannot be read.
  private var paths: [String]? {
    guard let directory else { return Self.embeddedPaths }
    return try? FileManager.default.subpathsOfDirectory(atPath: directory.path)
      .filter { $0.hasSuffix(".cl") || $0.hasSuffix(".clh") }
  }

  /// Whether there is no kernel at all.
  package var isEmpty: Bool { paths?.isEmpty ?? true }

  /// A number that changes with any of the kernels; nil where a folder cannot be read.
  package var digest: UInt64? {
    guard let paths else { return nil }
    return fnv1a(
      paths.sorted().map { "\($0)\n\((try? text(at: $0, includedBy: nil)) ?? "")" }
        .joined(separator: "\n").utf8)
  }

  /// The source at `path` with its includes put in, each once, lines numbered as in the files.
  package func source(_ path: String) throws(CLError) -> String {
    var included: Set<String> = [path]
    return try expand(path, includedBy: nil, included: &included)
  }

  private func expand(
    _ path: String, includedBy place: String?, included: inout Set<String>
  ) throws(CLError) -> String {
    let lines = try text(at: path, includedBy: place).split(omittingEmptySubsequences: false) {
      $0 == "\n" || $0 == "\r\n"
    }
    var result = "#line 1 \"\(path)\"\n"
    for (index, line) in lines.enumerated() {
      let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
      guard line.hasPrefix("#include \""), parts.count >= 3 else {
        result += line + "\n"
        continue
      }
      let target = String(parts[1])
      if included.insert(target).inserted {
        result += try expand(target, includedBy: "\(path):\(index + 1)", included: &included)
        result += "#line \(index + 2) \"\(path)\"\n"
      } else {
        result += "\n"
      }
    }
    return result
  }

  private func text(at path: String, includedBy place: String?) throws(CLError) -> String {
    let text: String?
    if let directory {
      text = try? String(contentsOf: directory.appending(path: path), encoding: .utf8)
    } else {
      text = Self.table.first { String(cString: $0.path) == path }.map {
        String(decoding: UnsafeBufferPointer(start: $0.bytes, count: $0.count), as: UTF8.self)
      }
    }
    guard let text else {
      let found =
        directory.map { "no readable text file of that name in \($0.path)" }
        ?? "no such file in the binary"
      throw CLError(
        code: CL_INVALID_VALUE, function: "reading the kernel \(path)",
        detail: place.map { "\(found), included by \($0)" } ?? found)
    }
    return text
  }

  private static var table: UnsafeBufferPointer<widecl_kernel_source> {
    UnsafeBufferPointer(start: widecl_kernel_sources(), count: widecl_kernel_source_count())
  }
}
