import Autotuner
import DeviceRuntime

/// The launches that the three passes share.
struct WinogradLaunches {
  let shape: Conv2DShape
  let tiling: WinogradTiling

  /// First images of the chunks.
  var chunks: [Int] { Array(stride(from: 0, to: shape.batch, by: tiling.images)) }

  private var transformMacros: [Macro] {
    [Macro("VEC", tiling.vec), Macro("WG_X", tiling.workGroup), Macro("TILE_OUT", tiling.outTile)]
  }

  /// A transform between a tensor of `channels` and the planes of a chunk, in strips of `strip`.
  func transform(
    _ stem: String, channels: Int, strip: Int, firstImage: Int, from source: String,
    to target: String,
    residual: String? = nil, macros: [Macro] = [], normalization: InputNormalization? = nil
  ) -> OperationPlan.Launch {
    let vectors = channels / tiling.vec
    // On a CPU a work-item goes through all channels of its tile.
    let itemN = tiling.workGroup == 1 ? vectors : 1
    let groups = ceilDivide(ceilDivide(vectors, itemN), tiling.workGroup)
    return .kernel(
      OperationPlan.KernelLaunch(
        source: "conv2d/\(stem).cl", entryPoint: stem,
        macros: transformMacros + [
          Macro("IN_H", shape.inHeight), Macro("IN_W", shape.inWidth),
          Macro("CHANNELS", channels), Macro("STRIP", strip), Macro("IMAGES", tiling.images),
          Macro("ITEM_N", itemN),
        ] + macros,
        range: NDRange(
          groups: NDRange.Size(groups, tiling.tiles(shape)), local: NDRange.Size(tiling.workGroup)),
        arguments: [.buffer(source)] + (normalization?.arguments ?? [])
          + (residual.map { [.buffer($0)] } ?? [])
          + [.int(firstImage), .buffer(target)]))
  }

  /// v from a tensor, normalised on the way where asked for.
  func input(
    channels: Int, strip: Int, firstImage: Int, from source: String,
    normalization: InputNormalization?
  ) -> OperationPlan.Launch {
    transform(
      "conv2d_winograd_input", channels: channels, strip: strip, firstImage: firstImage,
      from: source, to: "v", macros: InputNormalization.macros(normalization),
      normalization: normalization)
  }

  /// The channels that forward or backward data sums over, and those that it puts.
  func channels(backward: Bool) -> (sum: Int, put: Int) {
    backward ? (shape.outChannels, shape.inChannels) : (shape.inChannels, shape.outChannels)
  }

  /// u from w, for forward or, turned and transposed, for backward data.
  private func filter(backward: Bool) -> OperationPlan.Launch {
    WinogradLaunches.filter(
      shape, outTile: tiling.outTile, panel: channels(backward: backward).put, vec: tiling.vec,
      workGroup: tiling.workGroup, backward: backward)
  }

  /// u from w in panels of `panel` channels.
  static func filter(
    _ shape: Conv2DShape, outTile: Int, panel: Int, vec: Int, workGroup: Int, backward: Bool
  ) -> OperationPlan.Launch {
    let put = backward ? shape.inChannels : shape.outChannels
    let sum = backward ? shape.outChannels : shape.inChannels
    let itemM = min(16, sum)
    return .kernel(
      OperationPlan.KernelLaunch(
        source: "conv2d/conv2d_winograd_filter.cl", entryPoint: "conv2d_winograd_filter",
        macros: [
          Macro("VEC", vec), Macro("WG_X", workGroup), Macro("TILE_OUT", outTile),
          Macro("IN_C", shape.inChannels), Macro("OUT_C", shape.outChannels),
          Macro("BACKWARD", backward), Macro("PANEL", panel), Macro("ITEM_M", itemM),
        ],
        range: NDRange(
          groups: NDRange.Size(ceilDivide(put / vec, workGroup), ceilDivide(sum, itemM)),
          local: NDRange.Size(workGroup)),
        arguments: [.buffer("w"), .buffer("u")]))
  }

  /// dw from du.
  var filterGradient: OperationPlan.Launch {
    let itemM = min(8, shape.inChannels)
    return .kernel(
      OperationPlan.KernelLaunch(
        source: "conv2d/conv2d_winograd_filter_gradient.cl",
        entryPoint: "conv2d_winograd_filter_gradient",
        macros: transformMacros + [
          Macro("IN_C", shape.inChannels), Macro("OUT_C", shape.outChannels),
          Macro("ITEM_M", itemM),
        ],
        range: NDRange(
          groups: NDRange.Size(
            ceilDivide(shape.outChannels / tiling.vec, tiling.workGroup),
            ceilDivide(shape.inChannels, itemM)),
          local: NDRange.Size(tiling.workGroup)),
        arguments: [.buffer("du"), .buffer("dw")]))
  }

  /// Forward, and backward data with the filter turned: `put` from `sum` channels.
  func plan(
    backward: Bool, from source: String, to target: String, withResidual: Bool,
    normalization: InputNormalization? = nil
  ) -> OperationPlan {
    let (sum, put) = channels(backward: backward)
    let strips = strips(sum: sum, put: put)
    // Where the products need the whole transformed filter in memory.
    let filters =
      if case .panel = tiling.product { [OperationPlan.Launch]() } else {
        [filter(backward: backward)]
      }
    var launches = filters
    for first in chunks {
      launches += [
        input(
          channels: sum, strip: strips.read, firstImage: first, from: source,
          normalization: normalization),
        product(backward: backward),
        transform(
          "conv2d_winograd_output", channels: put, strip: strips.written, firstImage: first,
          from: "m", to: target, residual: withResidual ? "residual" : nil,
          macros: [Macro("WITH_RESIDUAL", withResidual)]),
      ]
    }
    return OperationPlan(
      scratch: filters.map { _ in OperationPlan.Scratch("u", count: tiling.points * sum * put) } + [
        OperationPlan.Scratch("v", count: tiling.planesCount(shape, channels: sum)),
        OperationPlan.Scratch("m", count: tiling.planesCount(shape, channels: put)),
      ],
      launches: launches)
  }

  /// Backward filter.
  func gradientPlan(normalization: InputNormalization?) -> OperationPlan {
    let strips = gradientStrips
    var launches: [OperationPlan.Launch] = []
    for (number, first) in chunks.enumerated() {
      launches += [
        input(
          channels: shape.inChannels, strip: strips.a, firstImage: first, from: "x",
          normalization: normalization),
        transform(
          "conv2d_winograd_gradient", channels: shape.outChannels, strip: strips.b,
          firstImage: first, from: "dy", to: "d"),
        transposedProduct(accumulate: number > 0),
      ]
    }
    return OperationPlan(
      scratch: [
        OperationPlan.Scratch("v", count: tiling.planesCount(shape, channels: shape.inChannels)),
        OperationPlan.Scratch("d", count: tiling.planesCount(shape, channels: shape.outChannels)),
        OperationPlan.Scratch(
          "du",
          count: tiling.points * (shape.inChannels * shape.outChannels + WinogradTiling.planePad)),
      ],
      launches: launches + [filterGradient])
  }
}
