import Autotuner
import DeviceRuntime

/// The sizes of a shortcut without parameters (He et al., CVPR 2016, option A).
///
/// x: [batch, inHeight, inWidth, inChannels]; y: [batch, outHeight, outWidth, outChannels] has every
/// `stride`-th row and column of x, and zeros in the channels behind x's.
package struct PaddedShortcutProblem: Hashable, Codable, Sendable, CustomStringConvertible {
  package var batch: Int
  package var inHeight: Int
  package var inWidth: Int
  package var inChannels: Int
  package var outChannels: Int
  package var stride: Int

  package init(
    batch: Int, inHeight: Int, inWidth: Int, inChannels: Int, outChannels: Int, stride: Int
  ) {
    precondition(
      batch > 0 && inHeight > 0 && inWidth > 0 && stride > 0 && inChannels > 0
        && outChannels >= inChannels, "a padded shortcut that cannot be")
    self.batch = batch
    self.inHeight = inHeight
    self.inWidth = inWidth
    self.inChannels = inChannels
    self.outChannels = outChannels
    self.stride = stride
  }

  package var outHeight: Int { ceilDivide(inHeight, stride) }
  package var outWidth: Int { ceilDivide(inWidth, stride) }
  var inPixels: Int { batch * inHeight * inWidth }
  var outPixels: Int { batch * outHeight * outWidth }
  var inCount: Int { inPixels * inChannels }
  var outCount: Int { outPixels * outChannels }

  package var description: String {
    "N\(batch) \(inHeight)x\(inWidth) \(inChannels)->\(outChannels) s\(stride)"
  }

  static var examples: [PaddedShortcutProblem] {
    [
      (1, 1, 1, 1, 1, 1), (2, 5, 7, 3, 5, 2), (3, 7, 4, 4, 8, 2), (5, 16, 15, 16, 32, 2),
      (2, 3, 5, 16, 20, 3),
    ].map {
      PaddedShortcutProblem(
        batch: $0.0, inHeight: $0.1, inWidth: $0.2, inChannels: $0.3, outChannels: $0.4,
        stride: $0.5)
    }
  }

  var inExtents: [Int] { [batch, inHeight, inWidth, inChannels] }
  var outExtents: [Int] { [batch, outHeight, outWidth, outChannels] }

  /// The place in x of what is passed on to an element of y; nil for zeros.
  func source(of y: Int) -> Int? {
    let (pixel, channel) = y.quotientAndRemainder(dividingBy: outChannels)
    guard channel < inChannels else { return nil }
    let (row, column) = (pixel / outWidth % outHeight * stride, pixel % outWidth * stride)
    let image = pixel / (outHeight * outWidth)
    return ((image * inHeight + row) * inWidth + column) * inChannels + channel
  }

  /// The place in y that an element of x is passed on to; nil where it is left out.
  func target(of x: Int) -> Int? {
    let (pixel, channel) = x.quotientAndRemainder(dividingBy: inChannels)
    let (row, column) = (pixel / inWidth % inHeight, pixel % inWidth)
    guard row.isMultiple(of: stride) && column.isMultiple(of: stride) else { return nil }
    let image = pixel / (inHeight * inWidth)
    return ((image * outHeight + row / stride) * outWidth + column / stride) * outChannels
      + channel
  }

  func candidates(channels: Int, on device: DeviceInfo) -> [PixelTiling] {
    // Vectors must not straddle the end of x's channels.
    let divisor = [16, 4].first {
      inChannels.isMultiple(of: $0) && outChannels.isMultiple(of: $0)
    }
    return PixelTiling.candidates(channels: channels, divisor: divisor ?? 1, on: device)
  }

  func launch(
    _ entryPoint: String, _ tiling: PixelTiling, pixels: Int, channels: Int,
    arguments: [OperationPlan.Argument]
  ) -> OperationPlan {
    OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "shortcut/padded_shortcut.cl", entryPoint: entryPoint,
          macros: [
            Macro("BATCH", batch), Macro("IN_H", inHeight), Macro("IN_W", inWidth),
            Macro("IN_C", inChannels), Macro("OUT_H", outHeight), Macro("OUT_W", outWidth),
            Macro("OUT_C", outChannels), Macro("STRIDE", stride),
          ] + tiling.macros,
          range: tiling.range(pixels: pixels, channels: channels), arguments: arguments))
    ])
  }

  var cost: Cost { Cost(flops: 0, bytes: 4 * Double(outPixels * inChannels + outCount)) }
}

/// y = x subsampled, with zeros as further channels.
package enum PaddedShortcutForward: TunableOperation {
  package typealias Problem = PaddedShortcutProblem
  package typealias Configuration = PixelTiling

  package static var name: String { "padded_shortcut_forward" }

  package static var exampleProblems: [Problem] { Problem.examples }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("x", .input, count: problem.inCount),
      TensorArgument("y", .output, count: problem.outCount),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    problem.candidates(channels: problem.outChannels, on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    problem.launch(
      name, configuration, pixels: problem.outPixels, channels: problem.outChannels,
      arguments: [.buffer("x"), .buffer("y")])
  }

  package static func cost(_ problem: Problem) -> Cost { problem.cost }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let x = inputs[0]
    return [ReferenceOutput(problem.outExtents) { (problem.source(of: $0).map { x[$0] } ?? 0, 0) }]
  }
}

/// dx = dy where x is passed on, else 0.
package enum PaddedShortcutBackward: TunableOperation {
  package typealias Problem = PaddedShortcutProblem
  package typealias Configuration = PixelTiling

  package static var name: String { "padded_shortcut_backward" }

  package static var exampleProblems: [Problem] { Problem.examples }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("dy", .input, count: problem.outCount),
      TensorArgument("dx", .output, count: problem.inCount),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    problem.candidates(channels: problem.inChannels, on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    problem.launch(
      name, configuration, pixels: problem.inPixels, channels: problem.inChannels,
      arguments: [.buffer("dy"), .buffer("dx")])
  }

  package static func cost(_ problem: Problem) -> Cost { problem.cost }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let dy = inputs[0]
    return [ReferenceOutput(problem.inExtents) { (problem.target(of: $0).map { dy[$0] } ?? 0, 0) }]
  }
}
