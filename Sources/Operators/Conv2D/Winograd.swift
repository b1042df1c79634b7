import Autotuner
import DeviceRuntime

/// How a 3x3 convolution with stride 1 is computed by F(m x m, 3 x 3).
///
/// Chunk by chunk of images: tiles are transformed, one matrix product is made for each point of a
/// tile, and the products are transformed back. Four times fewer multiplications with tiles of 4,
/// 2.25 times with tiles of 2, for some rounding error.
package struct WinogradTiling: Hashable, Codable, Sendable, CustomStringConvertible {
  /// Rows and columns of an output tile: 2 or 4.
  package var outTile: Int
  /// Images in a chunk; divides the batch.
  ///
  /// What a chunk needs should stay in cache.
  package var images: Int
  /// Rows of a product per work-item.
  package var itemM: Int
  /// Columns of a product per work-item, in vectors of `vec`.
  package var itemN: Int
  /// Floats in a vector; divides the channels.
  package var vec: Int
  /// Work-items in a group of a transform, along channels.
  ///
  /// 1 on a CPU.
  package var workGroup: Int

  package init(
    outTile: Int, images: Int, itemM: Int, itemN: Int, vec: Int = 16, workGroup: Int = 1
  ) {
    self.outTile = outTile
    self.images = images
    self.itemM = itemM
    self.itemN = itemN
    self.vec = vec
    self.workGroup = workGroup
  }

  package var description: String {
    "winograd\(outTile)_n\(images)_im\(itemM)_in\(itemN)_v\(vec)_wg\(workGroup)"
  }

  /// Points of a transformed tile, each a plane of the products.
  var points: Int { (outTile + 2) * (outTile + 2) }

  /// Floats between two planes of transformed tiles, as PLANE_PAD in winograd.clh.
  static let planePad = 16

  func tiles(_ shape: Conv2DShape) -> Int {
    images * ceilDivide(shape.inHeight, outTile) * ceilDivide(shape.inWidth, outTile)
  }

  /// Floats of a chunk's transformed tiles with this number of channels.
  func planesCount(_ shape: Conv2DShape, channels: Int) -> Int {
    points * (tiles(shape) * channels + WinogradTiling.planePad)
  }

  /// Whether F(m x m, 3 x 3) computes the convolution at all.
  static func applies(to shape: Conv2DShape) -> Bool {
    shape.kernel == 3 && shape.stride == 1
  }
}

/// The launches that the three passes share.
struct WinogradLaunches {
  let shape: Conv2DShape
  let tiling: WinogradTiling

  /// First images of the chunks.
  var chunks: [Int] { Array(stride(from: 0, to: shape.batch, by: tiling.images)) }

  private var transformMacros: [Macro] {
    [Macro("VEC", tiling.vec), Macro("WG_X", tiling.workGroup), Macro("TILE_OUT", tiling.outTile)]
  }

  /// A transform between a tensor of `channels` and the planes of a chunk.
  func transform(
    _ stem: String, channels: Int, firstImage: Int, from source: String, to target: String,
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
          Macro("CHANNELS", channels), Macro("IMAGES", tiling.images), Macro("ITEM_N", itemN),
        ] + macros,
        range: NDRange(
          groups: NDRange.Size(groups, tiling.tiles(shape)), local: NDRange.Size(tiling.workGroup)),
        arguments: [.buffer(source)] + (normalization?.arguments ?? [])
          + (residual.map { [.buffer($0)] } ?? [])
          + [.int(firstImage), .buffer(target)]))
  }

  /// v from a tensor, normalised on the way where asked for.
  func input(
    channels: Int, firstImage: Int, from source: String, normalization: InputNormalization?
  ) -> OperationPlan.Launch {
    transform(
      "conv2d_winograd_input", channels: channels, firstImage: firstImage, from: source, to: "v",
      macros: InputNormalization.macros(normalization), normalization: normalization)
  }

  /// u from w, for forward or, turned and transposed, for backward data.
  func filter(backward: Bool) -> OperationPlan.Launch {
    WinogradLaunches.filter(
      shape, outTile: tiling.outTile, panel: tiling.itemN * tiling.vec, vec: tiling.vec,
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

  /// m[p] = v[p] · u[p].
  func product(sum: Int, put: Int) -> OperationPlan.Launch {
    let rows = tiling.tiles(shape)
    return .kernel(
      OperationPlan.KernelLaunch(
        source: "conv2d/batched_product_tile.cl", entryPoint: "batched_product_tile",
        macros: [
          Macro("VEC", tiling.vec), Macro("ITEM_M", tiling.itemM), Macro("ITEM_N", tiling.itemN),
          Macro("ROWS", rows), Macro("PLANES", tiling.points), Macro("SUM_C", sum),
          Macro("PUT_C", put), Macro("A_PAD", WinogradTiling.planePad),
          Macro("C_PAD", WinogradTiling.planePad),
        ],
        range: NDRange(
          groups: NDRange.Size(
            ceilDivide(rows, tiling.itemM), put / (tiling.itemN * tiling.vec), tiling.points)),
        arguments: [.buffer("v"), .buffer("u"), .buffer("m")]))
  }

  /// du[p] (+)= vᵀ[p] · d[p].
  func transposedProduct(accumulate: Bool) -> OperationPlan.Launch {
    .kernel(
      OperationPlan.KernelLaunch(
        source: "conv2d/batched_product_transposed_tile.cl",
        entryPoint: "batched_product_transposed_tile",
        macros: [
          Macro("VEC", tiling.vec), Macro("ITEM_M", tiling.itemM), Macro("ITEM_N", tiling.itemN),
          Macro("ROWS", tiling.tiles(shape)), Macro("IN_C", shape.inChannels),
          Macro("OUT_C", shape.outChannels), Macro("A_PAD", WinogradTiling.planePad),
          Macro("B_PAD", WinogradTiling.planePad), Macro("ACCUMULATE", accumulate),
        ],
        range: NDRange(
          groups: NDRange.Size(
            shape.outChannels / (tiling.itemN * tiling.vec), shape.inChannels / tiling.itemM,
            tiling.points)),
        arguments: [.buffer("v"), .buffer("d"), .buffer("du")]))
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
    let put = backward ? shape.inChannels : shape.outChannels
    let sum = backward ? shape.outChannels : shape.inChannels
    var launches = [filter(backward: backward)]
    for first in chunks {
      launches += [
        input(channels: sum, firstImage: first, from: source, normalization: normalization),
        product(sum: sum, put: put),
        transform(
          "conv2d_winograd_output", channels: put, firstImage: first, from: "m", to: target,
          residual: withResidual ? "residual" : nil,
          macros: [Macro("WITH_RESIDUAL", withResidual)]),
      ]
    }
    return OperationPlan(
      scratch: [
        OperationPlan.Scratch("u", count: tiling.points * sum * put),
        OperationPlan.Scratch("v", count: tiling.planesCount(shape, channels: sum)),
        OperationPlan.Scratch("m", count: tiling.planesCount(shape, channels: put)),
      ],
      launches: launches)
  }

  /// Backward filter.
  func gradientPlan(normalization: InputNormalization?) -> OperationPlan {
    var launches: [OperationPlan.Launch] = []
    for (number, first) in chunks.enumerated() {
      launches += [
        input(
          channels: shape.inChannels, firstImage: first, from: "x", normalization: normalization),
        transform(
          "conv2d_winograd_gradient", channels: shape.outChannels, firstImage: first, from: "dy",
          to: "d"),
        transposedProduct(accumulate: number > 0),
      ]
    }
    return OperationPlan(
      scratch: [
        OperationPlan.Scratch("v", count: tiling.planesCount(shape, channels: shape.inChannels)),
        OperationPlan.Scratch("d", count: tiling.planesCount(shape, channels: shape.outChannels)),
        OperationPlan.Scratch(
          "du", count: tiling.points * shape.inChannels * shape.outChannels),
      ],
      launches: launches + [filterGradient])
  }
}
