import Autotuner
import DeviceRuntime

/// What the configurations of forward and backward data move, operand by operand: the numbers
/// behind both `Conv2DEstimate` and `TunableOperation.work`.
struct Conv2DTraffic {
  let shape: Conv2DShape
  /// dx from dy, not y from x.
  var backward = false
  var withResidual = false

  var channelsSummed: Int { backward ? shape.outChannels : shape.inChannels }
  var channelsProduced: Int { backward ? shape.inChannels : shape.outChannels }

  private var taps: Int { shape.kernel * shape.kernel }
  private var source: Int { 4 * (backward ? shape.outCount : shape.inCount) }
  private var filter: Int { 4 * shape.filterCount }

  private func read(_ bytes: Int) -> OperandTraffic {
    OperandTraffic(bytes: Double(bytes), reads: 1)
  }

  /// The result and what is added to it.
  private var target: [OperandTraffic] {
    let bytes = 4 * (backward ? shape.inCount : shape.outCount)
    return [OperandTraffic(bytes: Double(bytes), writes: 1)] + (withResidual ? [read(bytes)] : [])
  }

  // MARK: Direct

  func panels(_ tiling: Conv2DTiling) -> Int { channelsProduced / tiling.registerTile.columns }

  /// Floats of the source that all work-items together copy for their register tiles.
  func gathered(_ tiling: Conv2DTiling) -> Double {
    Double(shape.outPixels * taps * channelsSummed * panels(tiling))
  }

  /// The packed filter, whose panel every tile of pixels reads again.
  func filterReading(_ tiling: Conv2DTiling) -> OperandTraffic {
    OperandTraffic(
      bytes: Double(filter), reads: 1,
      again: Double(ceilDivide(shape.outPixels, tiling.itemM) - 1),
      reach: filter / panels(tiling))
  }

  /// The source: once for each panel and, of backward data, class of pixels; then along the taps.
  private func sourceReadings(_ tiling: Conv2DTiling) -> [OperandTraffic] {
    // Rows or columns of taps that are not of different classes of pixels.
    let classes = min(shape.kernel, shape.stride)
    let sweeps = Double(panels(tiling) * (backward ? classes * classes : 1))
    let tapsInRow = Double(shape.kernel) / Double(classes)
    let bytes = 4 * gathered(tiling) / sweeps / (tapsInRow * tapsInRow)
    return [
      OperandTraffic(
        bytes: min(Double(source), bytes), reads: 1, again: sweeps - 1, reach: source),
      // Until the next row of taps reads a pixel, all tiles of a row of pixels come by.
      OperandTraffic(
        bytes: bytes * sweeps, again: tapsInRow - 1, reach: filter / panels(tiling)),
      // Until the next tap of the row does, the tile's pixels and the tap's part of the panel.
      OperandTraffic(
        bytes: bytes * sweeps * tapsInRow, again: tapsInRow - 1,
        reach: 4 * channelsSummed * (tiling.itemM + tiling.registerTile.columns)),
    ]
  }

  func direct(_ tiling: Conv2DTiling) -> [OperandTraffic] {
    var reading = filterReading(tiling)
    var packing: [OperandTraffic] = []
    if !PackedOperand.filter(shape, tiling, backward: backward).launches.isEmpty {
      reading.isScratch = true
      packing = [
        read(filter), OperandTraffic(bytes: Double(filter), writes: 1, isScratch: true),
      ]
    }
    return sourceReadings(tiling) + packing + [reading] + target
  }

  // MARK: Winograd

  /// What a tile's transform reads of a tensor of `bytes`: tiles overlap by two pixels.
  static func overlapping(
    _ bytes: Int, outTile: Int, channels: Int
  ) -> OperandTraffic {
    let points = (outTile + 2) * (outTile + 2)
    return OperandTraffic(
      bytes: Double(bytes), reads: 1, again: Double(points) / Double(outTile * outTile) - 1,
      // A tile's pixels are read, its points written.
      reach: 2 * 4 * points * channels)
  }

  /// The transformed tiles and the products, each chunk's in the place of the last one's, with the
  /// cache lines between their planes.
  static func planes(_ shape: Conv2DShape, _ tiling: WinogradTiling) -> OperandTraffic {
    let bytes = 4 * tiling.planesCount(shape, channels: shape.inChannels + shape.outChannels)
    let chunks = Double(shape.batch / tiling.images)
    return OperandTraffic(
      bytes: Double(bytes), reads: chunks, writes: chunks, reach: bytes, isScratch: true)
  }

  /// A product's rows, which every panel but the first reads again, and its sums, which every
  /// round but the first does; nil for products that are not of panels.
  func productReadings(
    _ tiling: WinogradTiling
  ) -> (rows: OperandTraffic, sums: OperandTraffic)? {
    guard case .panel(let tileK, let pointRows, let rowBlock) = tiling.product else { return nil }
    let columns = tiling.registerTile.columns
    let points = pointRows * (tiling.outTile + 2)
    let floats = 4 * Double(shape.batch / tiling.images * tiling.points * tiling.tiles(shape))
    return (
      OperandTraffic(
        bytes: floats * Double(channelsSummed), again: Double(channelsProduced / columns - 1),
        reach: 4 * points * rowBlock * channelsSummed),
      OperandTraffic(
        bytes: floats * Double(channelsProduced), again: 2 * Double(channelsSummed / tileK - 1),
        reach: WinogradTiling.roundBytes(
          points: points, tileK: tileK, panel: columns, rowBlock: rowBlock))
    )
  }

  func winograd(_ tiling: WinogradTiling) -> [OperandTraffic]? {
    guard case .panel(let tileK, let pointRows, let rowBlock) = tiling.product,
      let product = productReadings(tiling)
    else { return nil }
    let columns = tiling.registerTile.columns
    let blocks = shape.batch / tiling.images * ceilDivide(tiling.tiles(shape), rowBlock)
    let parts = (tiling.outTile + 2) / pointRows
    // What all groups transform of the filter, a round's in the place of the last one's.
    let transformed = 4 * Double(tiling.points * channelsSummed * channelsProduced * blocks)
    return [
      Conv2DTraffic.overlapping(source, outTile: tiling.outTile, channels: channelsSummed),
      OperandTraffic(
        bytes: Double(filter), reads: 1, again: Double(blocks * parts - 1), reach: filter),
      // Written and read by the first rows, then by the others.
      OperandTraffic(
        bytes: transformed, again: 3,
        reach: 4 * pointRows * (tiling.outTile + 2) * tileK * columns),
      OperandTraffic(
        bytes: transformed, again: Double(ceilDivide(rowBlock, tiling.itemM) - 1),
        reach: 4 * tileK * (columns + tiling.itemM)),
      Conv2DTraffic.planes(shape, tiling), product.rows, product.sums,
    ] + target
  }

  // MARK: Winograd in one kernel

  private func transformedFilter(_ outTile: Int) -> Int {
    4 * (outTile + 2) * (outTile + 2) * channelsSummed * channelsProduced
  }

  func tiles(_ outTile: Int) -> Int {
    shape.batch * ceilDivide(shape.inHeight, outTile) * ceilDivide(shape.inWidth, outTile)
  }

  /// The transformed filter, which every block of tiles reads again.
  func filterReading(_ tiling: WinogradFusedTiling) -> OperandTraffic {
    let bytes = transformedFilter(tiling.outTile)
    return OperandTraffic(
      bytes: Double(bytes), reads: 1,
      again: Double(ceilDivide(tiles(tiling.outTile), tiling.block) - 1), reach: bytes,
      isScratch: true)
  }

  func fused(_ tiling: WinogradFusedTiling) -> [OperandTraffic] {
    let reading = filterReading(tiling)
    let blocks = reading.reads + reading.again
    let columns = tiling.registerTile.columns
    let pointBytes = 4 * Double(tiling.points * tiling.block) * blocks
    return [
      Conv2DTraffic.overlapping(source, outTile: tiling.outTile, channels: channelsSummed),
      read(filter), OperandTraffic(bytes: reading.bytes, writes: 1, isScratch: true), reading,
      // A block's tiles in registers read a point's part one after the other.
      OperandTraffic(
        bytes: reading.bytes * blocks, again: Double(tiling.block / tiling.itemM - 1),
        reach: 4 * channelsSummed * (columns + tiling.itemM)),
      // Transformed tiles are written, then read for every panel; products are written and read.
      OperandTraffic(
        bytes: pointBytes * Double(channelsSummed), again: Double(2 + channelsProduced / columns),
        reach: tiling.localBytes(channelsSummed: channelsSummed)),
      OperandTraffic(
        bytes: pointBytes * Double(channelsProduced), again: 3,
        reach: 4 * tiling.points * tiling.block * columns),
    ] + target
  }
}
