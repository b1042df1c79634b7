import DeviceRuntime

/// Another chooser's configurations without those that checks found wrong on this device.
package struct CheckedChooser: ConfigurationChooser {
  private let chooser: any ConfigurationChooser
  private let record: CheckRecord
  private let context: Context
  private let device: String
  private let products: BLAS.Parameters

  /// `device` is the `compilerDigest` of the context's device; `products` says how CLBlast computes
  /// products.
  package init(
    _ chooser: any ConfigurationChooser, record: CheckRecord, context: Context, device: String,
    products: BLAS.Parameters
  ) {
    self.chooser = chooser
    self.record = record
    self.context = context
    self.device = device
    self.products = products
  }

  package func configuration<Operation: TunableOperation>(
    for operation: Operation.Type, _ problem: Operation.Problem, on device: DeviceInfo
  ) -> Operation.Configuration {
    let first = chooser.configuration(for: operation, problem, on: device)
    guard record.hasWrong(operation: Operation.name) else { return first }
    var wrong: Set<Operation.Configuration> = []
    var next: Operation.Configuration? = first
    while let configuration = next {
      guard isWrong(operation, problem, configuration) else { return configuration }
      wrong.insert(configuration)
      next = chooser.configuration(for: operation, problem, on: device, besides: wrong)
    }
    // None is left: whoever checks it says so.
    return first
  }

  package func configuration<Operation: TunableOperation>(
    for operation: Operation.Type, _ problem: Operation.Problem, on device: DeviceInfo,
    besides wrong: Set<Operation.Configuration>
  ) -> Operation.Configuration? {
    chooser.configuration(for: operation, problem, on: device, besides: wrong)
  }

  private func isWrong<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem,
    _ configuration: Operation.Configuration
  ) -> Bool {
    let key = try? CheckKey(
      operation: Operation.name, problem: problem.description,
      configuration: configuration.description,
      plan: Operation.plan(problem, configuration).expanded(choosing: self, on: context.info),
      products: products, context: context, device: device)
    return key.flatMap { record.verdict($0) }?.failure != nil
  }
}
