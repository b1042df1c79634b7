import Autotuner
import DeviceRuntime

/// dw = the gradient of conv(x, w) to w, where x may first be normalised.
package enum Conv2DBackwardFilter: TunableOperation {
  package struct Problem: Hashable, Codable, Sendable, CustomStringConvertible {
    package var shape: Conv2DShape

    /// What x goes through before it is convolved.
    package var normalization: InputNormalization?

    package init(shape: Conv2DShape, normalization: InputNormalization? = nil) {
      self.shape = shape
      self.normalization = normalization
    }

    package var description: String {
      "\(shape)" + (normalization.map { " \($0)" } ?? "")
    }
  }

  package enum Configuration: Hashable, Codable, Sendable, CustomStringConvertible {
    /// A tiling of input × output channels, and the parts that the images are split in: 1...batch.
    ///
    /// `itemM` counts input channels and divides them for the shape `tile`; `tileK` counts pixels.
    case direct(Conv2DTiling, splitK: Int)
    /// `itemM` counts input channels and divides them.
    case winograd(WinogradTiling)
    case winogradFused(WinogradFusedFilterTiling)
    case im2col(Im2colTiling)

    /// The parts that a sum over pixels is made in, as far as that is chosen.
    fileprivate var parts: Int { if case .direct(_, let splitK) = self { splitK } else { 1 } }

    package var description: String {
      switch self {
      case .direct(let tiling, let splitK): "\(tiling)_sk\(splitK)"
      case .winograd(let tiling): tiling.description
      case .winogradFused(let tiling): tiling.description
      case .im2col(let tiling): tiling.description
      }
    }
  }

  package static var name: String { "conv2d_backward_filter" }

  package static var exampleProblems: [Problem] {
    Conv2DShape.examples.enumerated().map { index, shape in
      Problem(shape: shape, normalization: InputNormalization.example(index))
    }
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    let shape = problem.shape
    return [
      TensorArgument("x", .input, count: shape.inCount)
    ] + (problem.normalization?.tensors(shape) ?? []) + [
      TensorArgument("dy", .input, count: shape.outCount),
      TensorArgument("dw", .output, count: shape.filterCount),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    let shape = problem.shape
    let direct = direct(shape, on: device)
    let im2col = Im2colTiling.candidates(shape, on: device).map(Configuration.im2col)
    let shared = WinogradTiling.sharedCandidates(shape, on: device).map(Configuration.winograd)
    guard device.kind != .gpu else {
      return direct + im2col + shared + winograd(shape, on: device)
    }
    let estimate = Conv2DEstimate(shape: shape, device: device)
    // Other parts than the cache asks for sum in another order, fewer round more: they come last.
    let parts = direct.first.map(\.parts) ?? 1
    let fine = direct.filter { $0.parts == parts }, coarse = direct.filter { $0.parts != parts }
    let fused = WinogradFusedFilterTiling.candidates(shape, on: device)
      .map(Configuration.winogradFused)
    return estimate.ranked(fine + winograd(shape, on: device) + fused, by: estimate.cycles)
      + estimate.ranked(coarse, by: estimate.cycles) + im2col + shared
  }

  /// Products of a CPU between Winograd's transforms.
  private static func winograd(
    _ shape: Conv2DShape, on device: DeviceInfo
  ) -> [Configuration] {
    guard WinogradTiling.applies(to: shape) else { return [] }
    let tiles = RegisterTile.candidates(
      rows: .whole(shape.inChannels), channels: shape.outChannels,
      vecs: [16, 8, 4].filter(shape.inChannels.isMultiple(of:)), on: device)
    return WinogradTiling.chunkings(shape).flatMap { outTile, images in
      tiles.prefix(outTile == 4 ? 4 : 1).map {
        Configuration.winograd(
          WinogradTiling(
            outTile: outTile, images: images, itemM: $0.itemM, itemN: $0.itemN, vec: $0.vec))
      }
    }
  }

  private static func direct(_ shape: Conv2DShape, on device: DeviceInfo) -> [Configuration] {
    let tiles = RegisterTile.candidates(
      rows: .whole(shape.inChannels), channels: shape.outChannels, on: device
    ).prefix(4).map { Conv2DTiling.tile(itemM: $0.itemM, itemN: $0.itemN, vec: $0.vec, tileK: 1) }
    let locals = Conv2DTiling.locals(
      [(4, 4, 8, 16, 16), (8, 8, 8, 8, 8), (2, 2, 4, 8, 8)], channelsProduced: shape.outChannels,
      on: device)
    // What a part's images hold should stay in a core's cache.
    let imageBytes = 4 * (shape.inCount + shape.outCount) / shape.batch
    // The parts themselves cost memory and a second pass: no more than 32 MiB of them.
    let affordable = max(1, (32 << 20) / (4 * shape.filterCount))
    let cached = min(
      shape.batch, affordable, ceilDivide(shape.batch * imageBytes, device.cacheOfCore))
    // A first layer has few sums: where they would leave most cores idle, more parts.
    let groups =
      tiles.map {
        shape.kernel * shape.kernel * shape.inChannels / $0.itemM * shape.outChannels
          / ($0.itemN * $0.vec)
      }.min() ?? 1
    let busy = min(shape.batch, affordable, ceilDivide(4 * device.computeUnits, groups))
    let split = 2 * groups * cached < device.computeUnits ? max(busy, cached) : cached
    let splits = Set([split, 1, min(shape.batch, 3)]).sorted {
      $0 == split || $0 < $1 && $1 != split
    }
    let tilings = device.kind == .gpu ? locals + tiles : tiles + locals
    return splits.flatMap { splitK in
      tilings.map { Configuration.direct($0, splitK: splitK) }
    }
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    let shape = problem.shape
    switch configuration {
    case .direct(let tiling, let splitK):
      let plan = direct(shape, tiling, splitK: splitK)
      return problem.normalization?.before(plan, shape) ?? plan
    case .im2col(let tiling):
      let plan = tiling.backwardFilter(shape)
      return problem.normalization?.before(plan, shape) ?? plan
    case .winograd(let tiling):
      return normalizing(problem) {
        WinogradLaunches(shape: shape, tiling: tiling).gradientPlan(normalization: $0)
      }
    case .winogradFused(let tiling):
      return normalizing(problem) { tiling.plan(shape, normalization: $0) }
    }
  }

  /// A plan that normalises its input on the way, or, where it cannot, gets it normalised.
  private static func normalizing(
    _ problem: Problem, _ plan: (InputNormalization?) -> OperationPlan
  ) -> OperationPlan {
    guard let normalization = problem.normalization else { return plan(nil) }
    return normalization.canBeFused
      ? plan(normalization) : normalization.before(plan(nil), problem.shape)
  }

  /// Channels of x and of dy that lie together for the kernel: of x the fewest that hold whole
  /// vectors and whole tiles, of dy a panel.
  static func strips(_ shape: Conv2DShape, _ tiling: Conv2DTiling) -> (x: Int, dy: Int) {
    guard tiling.shape == .tile else { return (shape.inChannels, shape.outChannels) }
    return (
      tiling.registerTile.strip(of: shape.inChannels), tiling.registerTile.columns
    )
  }

  private static func direct(
    _ shape: Conv2DShape, _ tiling: Conv2DTiling, splitK: Int
  ) -> OperationPlan {
    let stem = "conv2d_backward_filter_\(tiling.shape.rawValue)"
    let taps = shape.kernel * shape.kernel
    let range: NDRange
    switch tiling.shape {
    case .tile:
      range = NDRange(
        groups: NDRange.Size(
          shape.outChannels / (tiling.itemN * tiling.vec), taps * shape.inChannels / tiling.itemM,
          splitK))
    case .local:
      range = tiling.range(
        pixels: taps * shape.inChannels, channels: shape.outChannels,
        classes: splitK)
    }
    let strips = strips(shape, tiling)
    let x = PackedOperand.strips(
      of: "x", rows: shape.batch * shape.inHeight * shape.inWidth, channels: shape.inChannels,
      strip: strips.x, vec: tiling.vec)
    let dy = PackedOperand.strips(
      of: "dy", rows: shape.outPixels, channels: shape.outChannels, strip: strips.dy,
      vec: tiling.vec)
    let sum = OperationPlan.KernelLaunch(
      source: "conv2d/conv2d_backward_filter_\(tiling.shape.rawValue).cl", entryPoint: stem,
      macros: shape.macros + tiling.macros + [Macro("SPLIT_K", splitK)]
        + (tiling.shape == .tile ? [Macro("STRIP", strips.x)] : []),
      range: range, arguments: [.buffer(x.name), .buffer(dy.name)])
    let unroll = tiling.shape == .tile ? 4096 : 1
    let workGroup = tiling.shape == .tile ? 1 : 64
    var plan = FilterParts(shape, count: splitK).plan(sum, unroll: unroll, workGroup: workGroup)
    plan.scratch = x.scratch + dy.scratch + plan.scratch
    plan.launches = x.launches + dy.launches + plan.launches
    return plan
  }

  package static func isExact(_ configuration: Configuration) -> Bool {
    switch configuration {
    case .direct, .im2col: true
    case .winograd, .winogradFused: false
    }
  }

  package static func cost(_ problem: Problem) -> Cost { problem.shape.cost }

  package static func work(
    _ problem: Problem, _ configuration: Configuration, on device: DeviceInfo
  ) -> Work {
    let shape = problem.shape
    let counts = Conv2DFilterTraffic(shape: shape)
    let (flops, operands): (Double, [OperandTraffic]?) =
      switch configuration {
      case .direct(let tiling, let splitK) where tiling.shape == .tile:
        (shape.cost.flops, counts.direct(tiling, splitK: splitK))
      case .direct, .im2col: (shape.cost.flops, nil)
      case .winograd(let tiling):
        (WinogradTiling.flops(shape, outTile: tiling.outTile), counts.winograd(tiling))
      case .winogradFused(let tiling):
        (WinogradTiling.flops(shape, outTile: tiling.outTile), counts.fused(tiling))
      }
    let work = Work(flops: flops, traffic: operands?.total(on: device))
    return problem.normalization?.added(to: work, shape, canFuse: !isExact(configuration)) ?? work
  }

  package static func exampleInput(
    _ problem: Problem, _ tensor: TensorArgument, kind: ExampleKind,
    generator: inout ExampleGenerator
  ) -> [Double] {
    let values =
      problem.normalization?.exampleInput(
        problem.shape, tensor, kind: kind, generator: &generator)
      ?? generator.values(count: tensor.count, kind: kind)
    guard tensor.name == "dy" else { return values }
    // Of very many products the rounding error would hide that some are missing.
    let share = Double(exampleTerms) / Double(problem.shape.outPixels)
    return values.map { Double.random(in: 0..<1, using: &generator) < share ? $0 : 0 }
  }

  package static func exampleScalars(_ problem: Problem) -> [DynamicScalars] {
    problem.normalization?.exampleScalars(problem.shape) ?? [[:]]
  }

  /// The products of a sum that are not 0 with example inputs, about, at most.
  private static let exampleTerms = 4096

  package static func distance(_ a: Problem, _ b: Problem) -> Double? {
    a.shape.distance(to: b.shape).map { $0 + (a.normalization == b.normalization ? 0 : 0.02) }
  }
}
