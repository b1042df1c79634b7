import DeviceRuntime

/// One operation in one direction, and everything the project knows about it.
///
/// What is computed is a `Problem`; how is a `Configuration`. Macros, launch ranges, the order of
/// arguments and the cost are written here once; the runtime, the tuner, the tests and the
/// benchmarks read them.
package protocol TunableOperation: Sendable {
  /// Sizes and fusion flags: the key of the tuning database.
  associatedtype Problem: Hashable, Codable, Sendable, CustomStringConvertible
  /// Algorithm, tile sizes, vector widths: one point of the tuning space.
  associatedtype Configuration: Hashable, Codable, Sendable, CustomStringConvertible

  /// The stem that kernels, tests, events and benchmark rows share, for example "conv2d_forward".
  static var name: String { get }

  /// Small odd sizes and a few layers of Wide ResNets, for the tests.
  static var exampleProblems: [Problem] { get }

  /// What the operation reads and writes, in the order of the reference's inputs and outputs.
  static func tensors(_ problem: Problem) -> [TensorArgument]

  /// The valid configurations on a device; the first is the safe default there.
  static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration]

  /// The launches that compute the problem, and the scratch memory between them.
  ///
  /// What another operation can do is nested, so that it is configured and tuned as that one.
  static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan

  /// The arithmetic and the memory traffic that the problem needs, whatever the configuration.
  static func cost(_ problem: Problem) -> Cost

  /// The arithmetic and the traffic of a configuration on a device.
  static func work(
    _ problem: Problem, _ configuration: Configuration, on device: DeviceInfo
  ) -> Work

  /// The same in plain Swift and double precision, for any single element.
  ///
  /// `inputs` holds the tensors with role `input` and `inputOutput` in their order; the result
  /// those with role `output` and `inputOutput`.
  static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput]

  /// Inputs for a check, of which random numbers would make no sense for some tensors.
  ///
  /// `tensor.count` is at most `ReferenceInput.period`, whatever the tensor's size is.
  static func exampleInput(
    _ problem: Problem, _ tensor: TensorArgument, kind: ExampleKind,
    generator: inout ExampleGenerator
  ) -> [Double]

  /// The scalars that change from step to step, with the values that checks use: one set for each
  /// way that the operation goes by them, such as the first step and a later one.
  static func exampleScalars(_ problem: Problem) -> [DynamicScalars]

  /// A problem of the same kind that is small enough for the reference: the tuner checks on it.
  static func checkProblem(for problem: Problem) -> Problem

  /// Whether a configuration computes a problem on a device, be it among the candidates or not.
  static func accepts(
    _ configuration: Configuration, for problem: Problem, on device: DeviceInfo
  ) -> Bool

  /// The configuration that shows on `checkProblem(for: problem)` what `configuration` does.
  ///
  /// Where that is not accepted there, only the comparison at full size is made.
  static func checkConfiguration(
    _ configuration: Configuration, for problem: Problem
  ) -> Configuration

  /// How far the results of one problem are from being of use for another; nil: of none.
  ///
  /// `other` may come from a file that anybody wrote: any value must be answered.
  static func distance(_ problem: Problem, _ other: Problem) -> Double?

  /// Whether a configuration rounds no more than a plain sum does.
  ///
  /// Those that do, such as Winograd's, are left out by `Algorithms.direct`.
  static func isExact(_ configuration: Configuration) -> Bool
}

extension TunableOperation {
  package static func exampleInput(
    _ problem: Problem, _ tensor: TensorArgument, kind: ExampleKind,
    generator: inout ExampleGenerator
  ) -> [Double] {
    generator.values(count: tensor.count, kind: kind)
  }

  package static func work(
    _ problem: Problem, _ configuration: Configuration, on device: DeviceInfo
  ) -> Work { Work(cost(problem)) }

  package static func exampleScalars(_ problem: Problem) -> [DynamicScalars] { [[:]] }

  package static func checkProblem(for problem: Problem) -> Problem { problem }

  package static func accepts(
    _ configuration: Configuration, for problem: Problem, on device: DeviceInfo
  ) -> Bool { candidates(for: problem, on: device).contains(configuration) }

  package static func checkConfiguration(
    _ configuration: Configuration, for problem: Problem
  ) -> Configuration { configuration }

  package static func distance(_ problem: Problem, _ other: Problem) -> Double? { nil }

  package static func isExact(_ configuration: Configuration) -> Bool { true }
}

/// A buffer that an operation reads or writes.
package struct TensorArgument: Hashable, Sendable {
  package enum Role: Sendable { case input, output, inputOutput }
  package enum Element: Sendable { case float, int, uint, uchar }

  /// The name in `OperationPlan`'s arguments, for example "x".
  package var name: String
  package var role: Role
  package var element: Element
  /// Elements, not bytes.
  package var count: Int

  package init(_ name: String, _ role: Role, count: Int, element: Element = .float) {
    self.name = name
    self.role = role
    self.element = element
    self.count = count
  }
}

/// Arithmetic and memory traffic of a problem.
package struct Cost: Hashable, Sendable {
  /// Floating-point operations; a multiply-add counts two.
  package var flops: Double
  /// Bytes that must be read and written at least once.
  package var bytes: Double

  package init(flops: Double, bytes: Double) {
    self.flops = flops
    self.bytes = bytes
  }
}

/// Scalars that change from step to step, by the name that a plan's `.dynamic` argument gives.
package typealias DynamicScalars = [String: ScalarValue]

/// A scalar argument of a kernel.
package enum ScalarValue: Hashable, Sendable {
  case int(Int32)
  case uint(UInt32)
  case float(Float)

  var argument: KernelArgument {
    switch self {
    case .int(let value): .int(value)
    case .uint(let value): .uint(value)
    case .float(let value): .float(value)
    }
  }
}

extension DynamicScalars {
  /// The value of a scalar of any type, which must be there.
  package func number(_ name: String) -> Double {
    switch self[name] {
    case .int(let value): Double(value)
    case .uint(let value): Double(value)
    case .float(let value): Double(value)
    case nil: preconditionFailure("no value for the scalar '\(name)'")
    }
  }

  /// The value of a scalar that is a whole number.
  package func integer(_ name: String) -> Int { Int(number(name)) }

  /// The 64 bits of the scalars "seedLow" and "seedHigh".
  package var seed: UInt64 { UInt64(integer("seedHigh")) << 32 | UInt64(integer("seedLow")) }
}

/// Which inputs a test makes.
package enum ExampleKind: Sendable {
  /// Integers in -3...3: every partial sum of a test problem is exact in single precision.
  case integers
  /// Uniform in -1...1.
  case random
}

/// A seeded source of test inputs (SplitMix64).
package struct ExampleGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// `count` values that single precision holds exactly.
  package mutating func values(count: Int, kind: ExampleKind) -> [Double] {
    (0..<count).map { _ in
      switch kind {
      case .integers: Double(Int.random(in: -3...3, using: &self))
      case .random: Double(Float.random(in: -1...1, using: &self))
      }
    }
  }
}
