/// A kernel as a driver compiles it: a program's source and macros, an entry point, a size of groups.
package struct KernelBuild: Hashable, Codable, Sendable {
  /// Path in the kernel library.
  package var source: String
  package var entryPoint: String
  package var macros: [Macro]
  package var local: NDRange.Size
  /// Whole numbers among the arguments, such as a tensor's rows, by the arguments' places.
  package var numbers: [Int: Int]

  package init(
    source: String, entryPoint: String, macros: [Macro], local: NDRange.Size, numbers: [Int: Int]
  ) {
    self.source = source
    self.entryPoint = entryPoint
    self.macros = macros
    self.local = local
    self.numbers = numbers
  }
}

extension KernelBuild {
  /// Makes the driver compile all of it: some, such as pocl, do so at a launch.
  ///
  /// Launches one group with a buffer of `bytes` zero bytes for each pointer, and 1 for each number
  /// that is not known.
  package func compile(on queue: Queue, bytes: Int) throws(CLError) {
    let context = queue.context
    let kernel = try context.kernel(source, entryPoint: entryPoint, macros: macros)
    try kernel.setPlaceholders(
      try context.makeBuffer(UInt8.self, count: bytes), numbers: numbers)
    try queue.launch(
      kernel, over: NDRange(groups: NDRange.Size(1), local: local), name: entryPoint)
    try queue.finish()
  }
}
