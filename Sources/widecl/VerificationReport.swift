import Autotuner
import DeviceRuntime

/// What a verification of a device's kernels prints.
struct VerificationReport: Encodable {
  /// Configurations that are right wherever they were checked, and those that were checked.
  struct Count: Encodable {
    var trusted: Int
    var checked: Int
  }

  struct Row: Encodable {
    var operation: String
    var problems: Int
    var checks: Int
    var standard: Count
    var tuned: Count
    var shipped: Count
    var others: Count

    private enum CodingKeys: String, CodingKey {
      case operation, problems, checks, standard = "default", tuned, shipped, others
    }
  }

  var device: String
  var driver: String
  var platform: String
  var platformVersion: String
  var seed: UInt64
  var sample: Int?
  var checks = 0
  var operations: [Row] = []
  var failures: [VerificationResult.Failure] = []
  var passed = true

  init(_ info: DeviceInfo, seed: UInt64, sample: Int?) {
    device = info.name
    driver = info.driver
    platform = info.platform
    platformVersion = info.platformVersion
    self.seed = seed
    self.sample = sample
  }

  mutating func add(_ result: VerificationResult) {
    func count(_ role: VerificationResult.Role) -> Count {
      let (trusted, checked) = result.trusted(role)
      return Count(trusted: trusted, checked: checked)
    }
    operations.append(
      Row(
        operation: result.operation, problems: result.problems, checks: result.checks,
        standard: count(.standard), tuned: count(.tuned), shipped: count(.shipped),
        others: count(.other)))
    checks += result.checks
    failures += result.failures
    passed = passed && result.failures.isEmpty
  }

  /// A table of what is trusted, what failed, and a summary.
  var text: String {
    func line(_ operation: String, _ cells: [String]) -> String {
      operation.padded(to: 28) + cells.map { $0.padded(to: 12, right: true) }.joined()
    }
    var lines = [line("trusted", ["problems", "default", "tuned", "shipped", "others"])]
    for row in operations {
      let counts = [row.standard, row.tuned, row.shipped, row.others].map {
        $0.checked == 0 ? "-" : "\($0.trusted) of \($0.checked)"
      }
      lines.append(line(row.operation, ["\(row.problems)"] + counts))
    }
    for failure in failures {
      let place = "\(failure.operation) [\(failure.problem)] \(failure.configuration)"
      // A result that is wrong says itself where.
      lines.append(
        "wrong: " + (failure.reason.hasPrefix(place) ? "" : place + ": ") + failure.reason)
    }
    let chosen = sample == nil ? "" : "; the same sample again with --seed \(seed)"
    lines.append(
      "\(checks) checks on \(device), driver \(driver), \(failures.count) failed\(chosen)")
    return lines.joined(separator: "\n")
  }
}
