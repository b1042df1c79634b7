import DeviceRuntime

/// The launches of one operation, in order, and the scratch memory they share.
package struct OperationPlan: Sendable {
  package var scratch: [Scratch]
  package var launches: [Launch]

  package init(scratch: [Scratch] = [], launches: [Launch]) {
    self.scratch = scratch
    self.launches = launches
  }

  /// Memory that lives only during the operation, not initialised.
  package struct Scratch: Hashable, Sendable {
    package var name: String
    /// Floats, not bytes.
    package var count: Int

    package init(_ name: String, count: Int) {
      self.name = name
      self.count = count
    }

    /// The same as a tensor that the operation writes.
    var tensor: TensorArgument { TensorArgument(name, .output, count: count) }
  }

  package enum Launch: Sendable {
    case kernel(KernelLaunch)
    /// A matrix product by CLBlast on the named buffers; `temporary` is scratch memory for its copies.
    case product(BLAS.Product, a: String, b: String, c: String, temporary: String? = nil)
    /// Another operation, configured where this one is; `renaming` gives the names that its tensors
    /// have here where they are not its own.
    case nested(any OperationInstance, renaming: [String: String])
  }

  /// One kernel with what it is built with, run over and called with.
  package struct KernelLaunch: Sendable {
    /// Path in Kernels/.
    package var source: String
    package var entryPoint: String
    package var macros: [Macro]
    package var range: NDRange
    package var arguments: [Argument]

    package init(
      source: String, entryPoint: String, macros: [Macro], range: NDRange, arguments: [Argument]
    ) {
      self.source = source
      self.entryPoint = entryPoint
      self.macros = macros
      self.range = range
      self.arguments = arguments
    }
  }

  /// The kernels as they are compiled.
  package var builds: [KernelBuild] {
    launches.compactMap {
      guard case .kernel(let launch) = $0 else { return nil }
      let numbers = launch.arguments.enumerated().compactMap { index, argument in
        if case .int(let value) = argument { (index, value) } else { nil }
      }
      return KernelBuild(
        source: launch.source, entryPoint: launch.entryPoint, macros: launch.macros,
        local: launch.range.local, numbers: Dictionary(uniqueKeysWithValues: numbers))
    }
  }

  package enum Argument: Sendable {
    /// A tensor or a scratch buffer by its name.
    case buffer(String)
    case int(Int)
    case float(Float)
    /// A scalar that the caller gives at each launch.
    case dynamic(String)
  }
}

/// A plan with its kernels built and its buffers bound, ready to be enqueued again and again.
///
/// Events are named after the operation and the kernel, "product" for CLBlast.
package final class BoundOperation {
  package let name: String
  /// Every tensor and scratch by name.
  package let buffers: [String: any DeviceBuffer]
  private var steps: [Step] = []

  private enum Step {
    case kernel(Kernel, NDRange, dynamic: [(index: Int, name: String)])
    case product(
      BLAS.Product, a: Buffer<Float>, b: Buffer<Float>, c: Buffer<Float>,
      temporary: (any DeviceBuffer)?)
  }

  /// Builds the kernels and sets the arguments of an expanded plan; `buffers` has every tensor and
  /// scratch by name, `products` how CLBlast computes those products that do not say so themselves.
  package init(
    name: String, plan: OperationPlan, buffers: [String: any DeviceBuffer], context: Context,
    products: BLAS.Parameters = .own
  ) throws(CLError) {
    self.name = name
    self.buffers = buffers
    func buffer(_ key: String) -> any DeviceBuffer {
      guard let buffer = buffers[key] else {
        preconditionFailure("\(name): no buffer is bound to '\(key)'")
      }
      return buffer
    }
    func floats(_ key: String) -> Buffer<Float> {
      guard let buffer = buffer(key) as? Buffer<Float> else {
        preconditionFailure("\(name): '\(key)' is not of floats")
      }
      return buffer
    }
    for launch in plan.launches {
      switch launch {
      case .product(var product, let a, let b, let c, let temporary):
        product.parameters = product.parameters ?? products
        for call in try BLAS.calls(product, on: context.device) {
          steps.append(
            .product(
              call, a: floats(a), b: floats(b), c: floats(c), temporary: temporary.map(buffer)))
        }
      case .nested(let operation, _):
        preconditionFailure("\(name): \(operation.name) in it is not expanded")
      case .kernel(let launch):
        let kernel = try context.kernel(
          launch.source, entryPoint: launch.entryPoint, macros: launch.macros)
        var dynamic: [(index: Int, name: String)] = []
        guard kernel.argumentCount == launch.arguments.count else {
          throw CLError(
            code: -52, function: "arguments of \(launch.entryPoint)",
            detail: "expected \(kernel.argumentCount), got \(launch.arguments.count)")
        }
        for (index, argument) in launch.arguments.enumerated() {
          switch argument {
          case .buffer(let key): try kernel.setArgument(index, .buffer(buffer(key)))
          case .int(let value): try kernel.setArgument(index, .int(Int32(value)))
          case .float(let value): try kernel.setArgument(index, .float(value))
          case .dynamic(let key): dynamic.append((index, key))
          }
        }
        steps.append(.kernel(kernel, launch.range, dynamic: dynamic))
      }
    }
  }

  /// Enqueues the launches without waiting.
  package func enqueue(on queue: Queue, scalars: DynamicScalars = [:]) throws(CLError) {
    for step in steps {
      switch step {
      case .kernel(let kernel, let range, let dynamic):
        for (index, key) in dynamic {
          guard let value = scalars[key] else {
            preconditionFailure("\(name): no value for the scalar '\(key)'")
          }
          try kernel.setArgument(index, value.argument)
        }
        try queue.launch(kernel, over: range, name: "\(name) \(kernel.name)")
      case .product(let product, let a, let b, let c, let temporary):
        try BLAS.multiply(
          product, a, b, into: c, temporary: temporary, on: queue, name: "\(name) product")
      }
    }
  }
}
