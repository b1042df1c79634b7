import DeviceRuntime
import Foundation

/// A folder for one test, removed with it.
final class ScratchFolder {
  let url: URL

  init(_ files: [String: String] = [:]) throws {
    url = FileManager.default.temporaryDirectory.appending(
      path: "widecl-test-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    for (path, text) in files { try write(text, to: path) }
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  var kernels: KernelLibrary { KernelLibrary(directory: url) }

  func write(_ text: String, to path: String) throws {
    let file = url.appending(path: path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }
}

/// Kernels that the tests of this module launch.
enum ScratchKernels {
  static let scale = """
    __kernel void scale(__global float* restrict y, const int count, const float factor) {
      const int i = (int)get_global_id(0);
      if (i < count) y[i] *= factor;
    }
    """
}
