import Foundation
import TestSupport

/// Small C libraries that stand between the command and the system.
enum Shims {
  private struct Failure: Error { var log: String }

  private static let folder = Result { try TemporaryFolder() }

  private static let faultsPath = Result { try build("faults") }
  private static let clockPath = Result { try build("clock") }

  private static func build(_ name: String) throws -> String {
    let source = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Shims/\(name).c")
    let library = try folder.get().path("\(name).so")
    let (succeeded, log) = try Clang().run(
      [
        "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror",
        "-DCL_TARGET_OPENCL_VERSION=300", source.path, "-o", library,
      ])
    if !succeeded { throw Failure(log: log) }
    return library
  }

  /// The environment in which an OpenCL call fails; nil lets none fail.
  ///
  /// The names of the calls go into the file `calls`.
  static func environment(_ fault: Fault?, calls: String) throws -> [String: String] {
    [
      "OPENCL_LAYERS": try faultsPath.get(), "WIDECL_TEST_CALLS": calls,
      "WIDECL_TEST_FAULT": fault.map {
        "\($0.function) \($0.number) \($0.code)" + ($0.losesDevice ? " lost" : "")
      } ?? "",
    ]
  }

  /// The environment in which the wall clock jumps.
  static func jumpingClock() throws -> [String: String] { ["LD_PRELOAD": try clockPath.get()] }
}

/// A call that fails as a driver's does.
struct Fault: CustomStringConvertible {
  /// Its name, or "any".
  var function: String
  /// Which of the calls of the function, from 1.
  var number: Int
  var code: Int32
  /// Whether all calls after it fail, too.
  var losesDevice = false

  var description: String {
    "\(function), call \(number), fails with \(code)" + (losesDevice ? " and all later ones" : "")
  }

  /// The status that a command must end with.
  var status: Int32 {
    switch code {
    case -4, -5, -6: 75
    case -2, -14, -33, -34, -36: 69
    default: 70
    }
  }
}
