import Autotuner
import DeviceRuntime

/// The products between the transforms, one for each point of a tile.
extension WinogradLaunches {
  private var rows: Int { tiling.tiles(shape) }

  /// Floats from one point's plane of a chunk's tiles to the next.
  private func plane(channels: Int) -> Int { rows * channels + WinogradTiling.planePad }

  /// Channels that lie together in the planes that a product reads and writes.
  func strips(sum: Int, put: Int) -> (read: Int, written: Int) {
    guard case .panel(let tileK, _, _) = tiling.product else { return (sum, put) }
    return (tileK, tiling.registerTile.columns)
  }

  /// Channels that lie together in the planes that backward filter's product reads.
  var gradientStrips: (a: Int, b: Int) {
    guard case .tile = tiling.product else { return (shape.inChannels, shape.outChannels) }
    return (
      tiling.registerTile.strip(of: shape.inChannels), tiling.registerTile.columns
    )
  }

  private var tileMacros: [Macro] {
    [
      Macro("VEC", tiling.vec), Macro("ITEM_M", tiling.itemM), Macro("ITEM_N", tiling.itemN),
      Macro("ROWS", rows), Macro("A_PAD", WinogradTiling.planePad),
    ]
  }

  /// m[p] = v[p] · u[p].
  func product(backward: Bool) -> OperationPlan.Launch {
    let (sum, put) = channels(backward: backward)
    let macros =
      tileMacros + [
        Macro("SUM_C", sum), Macro("PUT_C", put), Macro("C_PAD", WinogradTiling.planePad),
      ]
    switch tiling.product {
    case .tile: preconditionFailure("a product of backward filter")
    case .panel(let tileK, let pointRows, let rowBlock):
      return kernel(
        "conv2d_winograd_product",
        macros: [
          Macro("VEC", tiling.vec), Macro("ITEM_M", tiling.itemM), Macro("ITEM_N", tiling.itemN),
          Macro("TILE_OUT", tiling.outTile), Macro("ROWS", rows), Macro("TILE_K", tileK),
          Macro("POINT_ROWS", pointRows), Macro("ROW_BLOCK", rowBlock),
          Macro("IN_C", shape.inChannels), Macro("OUT_C", shape.outChannels),
          Macro("BACKWARD", backward),
        ],
        range: NDRange(
          groups: NDRange.Size(
            put / (tiling.registerTile.columns), (tiling.outTile + 2) / pointRows,
            ceilDivide(rows, rowBlock))),
        buffers: ["v", "w", "m"])
    case .local(let tileK, let x, let y):
      return kernel(
        "batched_product_local", macros: macros + localMacros(tileK: tileK, x: x, y: y),
        range: localRange(m: rows, n: put, x: x, y: y), buffers: ["v", "u", "m"])
    case .blas:
      return .product(
        BLAS.Product(
          m: rows, n: put, k: sum,
          batch: BLAS.Batch(
            count: tiling.points, strideA: plane(channels: sum), strideB: sum * put,
            strideC: plane(channels: put))),
        a: "v", b: "u", c: "m")
    }
  }

  /// du[p] (+)= vᵀ[p] · d[p].
  func transposedProduct(accumulate: Bool) -> OperationPlan.Launch {
    let (inChannels, outChannels) = (shape.inChannels, shape.outChannels)
    let macros =
      tileMacros + [
        Macro("IN_C", inChannels), Macro("OUT_C", outChannels),
        Macro("B_PAD", WinogradTiling.planePad), Macro("C_PAD", WinogradTiling.planePad),
        Macro("ACCUMULATE", accumulate),
      ]
    switch tiling.product {
    case .panel: preconditionFailure("a product of forward and backward data")
    case .tile:
      return kernel(
        "batched_product_transposed_tile",
        macros: macros + [Macro("STRIP", gradientStrips.a)],
        range: NDRange(
          groups: NDRange.Size(
            outChannels / (tiling.registerTile.columns), inChannels / tiling.itemM, tiling.points)),
        buffers: ["v", "d", "du"])
    case .local(let tileK, let x, let y):
      return kernel(
        "batched_product_transposed_local",
        macros: macros + localMacros(tileK: tileK, x: x, y: y),
        range: localRange(m: inChannels, n: outChannels, x: x, y: y), buffers: ["v", "d", "du"])
    case .blas:
      return .product(
        BLAS.Product(
          m: inChannels, n: outChannels, k: rows, transposeA: .yes, beta: accumulate ? 1 : 0,
          batch: BLAS.Batch(
            count: tiling.points, strideA: plane(channels: inChannels),
            strideB: plane(channels: outChannels),
            strideC: inChannels * outChannels + WinogradTiling.planePad)),
        a: "v", b: "d", c: "du")
    }
  }

  private func kernel(
    _ stem: String, macros: [Macro], range: NDRange, buffers: [String]
  ) -> OperationPlan.Launch {
    .kernel(
      OperationPlan.KernelLaunch(
        source: "conv2d/\(stem).cl", entryPoint: stem, macros: macros, range: range,
        arguments: buffers.map { .buffer($0) }))
  }

  private func localMacros(tileK: Int, x: Int, y: Int) -> [Macro] {
    [Macro("TILE_K", tileK), Macro("WG_X", x), Macro("WG_Y", y)]
  }

  private func localRange(m: Int, n: Int, x: Int, y: Int) -> NDRange {
    NDRange(
      groups: NDRange.Size(
        ceilDivide(n, x * tiling.registerTile.columns), ceilDivide(m, y * tiling.itemM),
        tiling.points),
      local: NDRange.Size(x, y))
  }
}
