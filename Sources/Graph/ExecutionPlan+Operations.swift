import Autotuner
import DeviceRuntime
import Operators

extension ExecutionPlan {
  /// Each step's launches with the configuration that `chooser` picks on a device.
  ///
  /// With a queue of the device they have the memory that products need there, as what is bound must.
  func operations(
    choosing chooser: any ConfigurationChooser, on device: DeviceInfo, queue: Queue?
  ) throws(CLError) -> [PlannedOperation] {
    let products = chooser.productParameters(on: device)
    var operations: [PlannedOperation] = []
    for step in steps {
      var planned = step.operation.plan(choosing: chooser, on: device)
      if let queue { planned.plan = try planned.plan.withProductMemory(products, on: queue) }
      operations.append(planned)
    }
    return operations
  }
}
