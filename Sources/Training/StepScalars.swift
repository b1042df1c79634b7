import Autotuner

/// The scalars that change from step to step, by the names that the operations give them.
struct StepScalars {
  /// Position of the batch's first image in the order of visits.
  var first: Int
  /// Images in the batch.
  var valid: Int
  var seed: UInt64
  var step: Int
  var learningRate: Double = 0
  /// Whether the velocities start anew.
  var firstStep = false
  /// Of a part of a batch: its share of the images.
  var weight: Double = 1
  /// Of a part of a batch: whether it is the first.
  var firstPart = true

  var values: DynamicScalars {
    [
      "first": .int(Int32(first)), "valid": .int(Int32(valid)),
      "seedLow": .uint(UInt32(truncatingIfNeeded: seed)),
      "seedHigh": .uint(UInt32(truncatingIfNeeded: seed >> 32)),
      "step": .uint(UInt32(truncatingIfNeeded: step)), "learningRate": .float(Float(learningRate)),
      "firstStep": .int(firstStep ? 1 : 0), "weight": .float(Float(weight)),
      "firstPart": .int(firstPart ? 1 : 0),
    ]
  }
}
