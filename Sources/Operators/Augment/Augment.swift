import Autotuner
import DeviceRuntime

/// Picks a batch of images from the data set, flips, pads, crops and normalises them.
///
/// Slot b takes image order[first + b]. Scalars: "first", "valid" (slots from it on are zero),
/// "seedLow", "seedHigh", "step".
package enum Augment: TunableOperation {
  package enum PadMode: String, Codable, Sendable {
    /// Mirrored at the edge, which is not repeated.
    case reflect
    /// Zero after normalisation.
    case zero
  }

  package struct Problem: Hashable, Codable, Sendable, CustomStringConvertible {
    package var batch: Int
    package var height: Int
    package var width: Int
    package var channels: Int
    /// Images in the data set.
    package var total: Int
    package var flip: Bool
    package var pad: Int
    package var padMode: PadMode
    /// Whether the images are floats; nil, as results of older tunings have it, for bytes.
    package var floats: Bool?

    package init(
      batch: Int, height: Int, width: Int, channels: Int, total: Int, flip: Bool, pad: Int,
      padMode: PadMode, floats: Bool = false
    ) {
      precondition(
        pad >= 0 && pad < min(height, width) && batch <= total,
        "augmentation: batch \(batch) of \(total), pad \(pad) of \(height)x\(width)")
      self.batch = batch
      self.height = height
      self.width = width
      self.channels = channels
      self.total = total
      self.flip = flip
      self.pad = pad
      self.padMode = padMode
      self.floats = floats ? true : nil
    }

    package var description: String {
      "N\(batch) of \(total) \(height)x\(width)x\(channels)\(flip ? " flip" : "")"
        + (pad > 0 ? " \(padMode.rawValue) \(pad)" : "") + (floats == true ? " floats" : "")
    }
  }

  package typealias Configuration = RowConfiguration

  package static var name: String { "augment" }

  package static var exampleProblems: [Problem] {
    [
      Problem(
        batch: 3, height: 5, width: 7, channels: 1, total: 4, flip: false, pad: 0,
        padMode: .reflect),
      Problem(
        batch: 9, height: 5, width: 5, channels: 3, total: 11, flip: true, pad: 4,
        padMode: .reflect),
      Problem(
        batch: 9, height: 8, width: 6, channels: 3, total: 10, flip: true, pad: 2, padMode: .zero),
      Problem(
        batch: 3, height: 9, width: 11, channels: 4, total: 3, flip: false, pad: 8, padMode: .zero),
      Problem(
        batch: 1, height: 1, width: 1, channels: 1, total: 1, flip: true, pad: 0, padMode: .zero),
      Problem(
        batch: 7, height: 32, width: 32, channels: 3, total: 9, flip: true, pad: 4,
        padMode: .reflect),
      Problem(
        batch: 16, height: 28, width: 28, channels: 1, total: 20, flip: true, pad: 2,
        padMode: .reflect),
      Problem(
        batch: 5, height: 7, width: 9, channels: 3, total: 6, flip: true, pad: 4,
        padMode: .reflect, floats: true),
    ]
      // As evaluations and training take the images of data sets.
      + [(28, 1), (32, 3), (96, 3), (224, 3)].flatMap { size, channels in
        [(false, 0), (true, 4)].map { flip, pad in
          Problem(
            batch: 3, height: size, width: size, channels: channels, total: 4, flip: flip,
            pad: pad, padMode: .reflect)
        }
      }
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    let pixels = problem.height * problem.width * problem.channels
    return [
      TensorArgument(
        "images", .input, count: problem.total * pixels,
        element: problem.floats == true ? .float : .uchar),
      TensorArgument("imageLabels", .input, count: problem.total, element: .int),
      TensorArgument("order", .input, count: problem.total, element: .uint),
      TensorArgument("mean", .input, count: problem.channels),
      TensorArgument("inverseDeviation", .input, count: problem.channels),
      TensorArgument("x", .output, count: problem.batch * pixels),
      TensorArgument("labels", .output, count: problem.batch, element: .int),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    RowConfiguration.candidates(rowElements: problem.width * problem.channels, on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    let rows = problem.batch * problem.height
    return OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "augment/augment.cl", entryPoint: name,
          macros: configuration.macros + [
            Macro("IN_H", problem.height), Macro("IN_W", problem.width),
            Macro("IN_C", problem.channels), Macro("PAD", problem.pad),
            Macro("PAD_REFLECT", problem.padMode == .reflect), Macro("FLIP", problem.flip),
            Macro("FLOAT_IMAGES", problem.floats == true),
          ],
          // Without vectors a work-item writes a pixel instead of rows.
          range: configuration.range(configuration.vec == 1 ? rows * problem.width : rows),
          arguments: [
            .buffer("images"), .buffer("imageLabels"), .buffer("order"), .buffer("mean"),
            .buffer("inverseDeviation"), .buffer("x"), .buffer("labels"), .int(problem.batch),
            .dynamic("first"), .dynamic("valid"), .dynamic("seedLow"), .dynamic("seedHigh"),
            .dynamic("step"),
          ]))
    ])
  }

  package static func cost(_ problem: Problem) -> Cost {
    let values = Double(problem.batch * problem.height * problem.width * problem.channels)
    return Cost(flops: 2 * values, bytes: (problem.floats == true ? 8 : 5) * values)
  }

  /// Of a batch whose last slot is not valid, at the end of the order, and of a full batch at its
  /// beginning.
  package static func exampleScalars(_ problem: Problem) -> [DynamicScalars] {
    [(problem.total - problem.batch, max(1, problem.batch - 1)), (0, problem.batch)].map {
      [
        "first": .int(Int32($0)), "valid": .int(Int32($1)), "seedLow": .uint(3),
        "seedHigh": .uint(5), "step": .uint(17),
      ]
    }
  }

  package static func exampleInput(
    _ problem: Problem, _ tensor: TensorArgument, kind: ExampleKind,
    generator: inout ExampleGenerator
  ) -> [Double] {
    switch tensor.name {
    case "images":
      (0..<tensor.count).map { _ in Double(UInt8.random(in: 0...255, using: &generator)) }
    case "imageLabels":
      (0..<tensor.count).map { _ in Double(Int.random(in: 0..<10, using: &generator)) }
    case "order":
      (0..<tensor.count).map { _ in
        Double(Int.random(in: 0..<problem.total, using: &generator))
      }
    case "mean":
      (0..<tensor.count).map { _ in Double(Float.random(in: 100...150, using: &generator)) }
    case "inverseDeviation":
      (0..<tensor.count).map { _ in Double(1 / Float.random(in: 50...80, using: &generator)) }
    default: generator.values(count: tensor.count, kind: kind)
    }
  }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let draws = AugmentDraws(
      problem: problem, seed: scalars.seed, step: UInt32(scalars.integer("step")))
    let (first, valid) = (scalars.integer("first"), scalars.integer("valid"))
    let (images, imageLabels, order, mean, inverse) =
      (inputs[0], inputs[1], inputs[2], inputs[3], inputs[4])
    let (height, width, channels) = (problem.height, problem.width, problem.channels)
    return [
      ReferenceOutput(
        [problem.batch, height, width, channels], exactOnIntegers: false, terms: 10
      ) { index in
        let (pixel, c) = index.quotientAndRemainder(dividingBy: channels)
        let slot = pixel / (height * width)
        guard slot < valid,
          let from = draws[slot].source(row: pixel / width % height, column: pixel % width)
        else { return (0, 0) }
        let image = Int(order[first + slot])
        let byte = images[((image * height + from.row) * width + from.column) * channels + c]
        let value = (byte - mean[c]) * inverse[c]
        return (value, 4 * roundoff * abs(value))
      },
      ReferenceOutput([problem.batch]) { slot in
        (slot < valid ? imageLabels[Int(order[first + slot])] : 0, 0)
      },
    ]
  }
}
