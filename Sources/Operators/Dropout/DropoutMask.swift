import Autotuner
import DeviceRuntime
import Randomness

/// Which elements dropout keeps, as `Kernels/dropout/dropout_mask.clh` has it.
package struct DropoutMask: Sendable {
  package var rate: Float
  package var seed: UInt64
  package var step: UInt32
  package var layer: UInt32

  package init(rate: Float, seed: UInt64, step: UInt32, layer: UInt32) {
    precondition(rate >= 0 && rate < 1, "a dropout rate is in 0..<1, not \(rate)")
    self.rate = rate
    self.seed = seed
    self.step = step
    self.layer = layer
  }

  /// The mask that a launch's scalars choose.
  init(rate: Float, _ scalars: DynamicScalars) {
    self.init(
      rate: rate, seed: scalars.seed, step: UInt32(scalars.integer("step")),
      layer: UInt32(scalars.integer("layer")))
  }

  /// The mask of the tests.
  package static func example(rate: Float) -> DropoutMask {
    DropoutMask(rate: rate, seed: 0x0123_4567_89ab_cdef, step: 7, layer: 3)
  }

  /// What kept elements are multiplied by, in the precision of the kernels.
  package static func scale(rate: Float) -> Float { 1 / (1 - rate) }

  /// What the element at `index` is multiplied by.
  package func factor(_ index: Int) -> Double {
    let words = Philox(seed: seed)(UInt32(index / 4), layer, step, 0)
    return Philox.uniform(words[index % 4]) >= rate ? Double(Self.scale(rate: rate)) : 0
  }

  /// The values of the scalars that change from step to step.
  package var scalars: DynamicScalars {
    let key = Philox(seed: seed).key
    return [
      "seedLow": .uint(key.x), "seedHigh": .uint(key.y), "step": .uint(step),
      "layer": .uint(layer),
    ]
  }

  /// The arguments of a kernel with dropout, its last ones.
  static func arguments(rate: Float) -> [OperationPlan.Argument] {
    [
      .float(rate), .float(scale(rate: rate)), .dynamic("seedLow"), .dynamic("seedHigh"),
      .dynamic("step"), .dynamic("layer"),
    ]
  }
}
