import DeviceRuntime
import Foundation

/// The device that tests run on: `WIDECL_DEVICE`, or the default one.
package struct TestDevice {
  package let manager: DeviceManager
  package let context: Context
  package let queue: Queue

  package init() throws {
    manager = try DeviceManager()
    let environment = ProcessInfo.processInfo.environment
    let device = try manager.device(matching: environment["WIDECL_DEVICE"])
    let directory = environment["WIDECL_KERNELS"].map { URL(fileURLWithPath: $0) }
    context = try manager.makeContext(on: device, kernels: KernelLibrary(directory: directory))
    queue = try context.makeQueue()
  }
}
