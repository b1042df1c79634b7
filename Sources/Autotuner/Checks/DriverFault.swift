import DeviceRuntime

/// A fault of a driver that docs/drivers.md tells of.
package struct DriverFault: Sendable {
  /// The row's name there.
  package var name: String
  /// The beginning of the operations' names that it shows in.
  package var operation: String
  /// A part of the platform's name.
  package var platform: String
  /// A part of the device's name.
  package var device: String

  package static let all = [
    DriverFault(
      name: "llvm-byte-loop", operation: "augment", platform: "Portable Computing Language",
      device: "haswell")
  ]

  /// The fault that may be what is seen of an operation on a device.
  package static func known(operation: String, on info: DeviceInfo) -> DriverFault? {
    all.first {
      operation.hasPrefix($0.operation) && info.platform.contains($0.platform)
        && info.name.contains($0.device)
    }
  }
}
