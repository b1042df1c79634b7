import DeviceRuntime

/// What a convolution costs on a CPU by a model of its cores, to rank configurations before any is
/// compiled.
///
/// Cycles of all cores together. Multiply-adds run at a register tile's efficiency; transforms, what
/// they leave in memory and what Winograd's products read come on top. Direct convolutions and fused
/// ones read from end to end: the slower of multiplying and reading counts.
struct Conv2DEstimate {
  let shape: Conv2DShape
  let channelsSummed: Int
  let channelsProduced: Int
  /// Whether Winograd's product transposes the filter that it reads: backward data.
  var turnsFilter = false
  let device: DeviceInfo

  /// Bytes a cycle that a core gets from its own cache and from memory.
  private static let cacheBandwidth = 32.0
  private static let memoryBandwidth = 5.0

  /// Bytes a cycle that a core gets from the cache it shares.
  private var sharedBandwidth: Double {
    device.level3Bandwidth > 0 ? Double(device.level3Bandwidth) : 10
  }

  /// What more than this does not stay in the shared cache, which others use, too.
  private var sharedCache: Int {
    device.level3Cache > 0 ? min(device.level3Cache / 2, 32 << 20) : 16 << 20
  }

  private var file: RegisterFile {
    RegisterFile.possible(on: device).first ?? RegisterFile(width: 8, count: 16)
  }

  private func bandwidth(_ bytes: Int) -> Double {
    bytes <= device.cacheOfCore
      ? Conv2DEstimate.cacheBandwidth
      : bytes <= sharedCache ? sharedBandwidth : Conv2DEstimate.memoryBandwidth
  }

  /// How much longer `groups` alike take than if all cores shared the work evenly.
  private func unevenness(groups: Int) -> Double {
    let cores = max(1, device.computeUnits)
    return Double(ceilDivide(max(1, groups), cores) * cores) / Double(max(1, groups))
  }

  private func multiplyAddCycles(_ tile: RegisterTile, rows: Int, k: Int, columns: Int) -> Double {
    let whole = ceilDivide(rows, tile.itemM) * tile.itemM
    return Double(whole * k * columns) / Double(file.multiplyAddsPerCycle * file.width)
      / file.efficiency(of: tile)
  }

  /// The configurations with the fewest cycles first; those without an estimate come last, in
  /// their order.
  func ranked<Configuration>(
    _ configurations: [Configuration], by cycles: (Configuration) -> Double?
  ) -> [Configuration] {
    configurations.enumerated().map { (cycles($0.element) ?? .infinity, $0.offset, $0.element) }
      .sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
  }

  /// Cycles of forward or backward data; nil for a configuration that is not made for CPUs.
  func cycles(_ configuration: Conv2DConfiguration) -> Double? {
    switch configuration {
    case .direct(let tiling) where tiling.shape == .tile: direct(tiling)
    case .winograd(let tiling): winograd(tiling)
    case .winogradFused(let tiling): fused(tiling)
    case .direct, .im2col: nil
    }
  }

  /// Cycles of backward filter, which sums input channels' products with output channels over
  /// pixels.
  func cycles(_ configuration: Conv2DBackwardFilter.Configuration) -> Double? {
    switch configuration {
    case .direct(let tiling, let splitK) where tiling.shape == .tile:
      gradient(tiling, splitK: splitK)
    case .winograd(let tiling): gradient(tiling)
    case .winogradFused(let tiling): gradient(tiling)
    case .direct, .im2col: nil
    }
  }

  private func gradient(_ tiling: Conv2DTiling, splitK: Int) -> Double {
    let tile = tiling.registerTile
    let taps = shape.kernel * shape.kernel
    let products =
      Double(taps)
      * multiplyAddCycles(
        tile, rows: shape.inChannels, k: shape.outPixels, columns: shape.outChannels)
    // Each tap and tile reads its part's images again, from the nearest cache that holds them; of
    // the input a line of 16 floats at least.
    let (rows, columns) = (tiling.itemM, tile.columns)
    let outReadings = Double(ceilDivide(shape.inChannels, rows) * shape.outCount)
    let inReadings =
      Double(ceilDivide(shape.outChannels, columns) * shape.inCount)
      * max(1, 16 / Double(rows)) / Double(shape.stride * shape.stride)
    let reading =
      4 * Double(taps) * (outReadings + inReadings)
      / bandwidth(4 * (shape.inCount + shape.outCount) / splitK)
    let parts = 4 * splitK * shape.filterCount
    let groups =
      splitK * taps * shape.inChannels / rows * shape.outChannels / columns
    return (products + reading) * unevenness(groups: groups) + 3 * Double(parts) / bandwidth(parts)
  }

  private func gradient(_ tiling: WinogradTiling) -> Double? {
    guard case .tile = tiling.product else { return nil }
    let tile = tiling.registerTile
    let chunks = shape.batch / tiling.images
    let products =
      Double(chunks * tiling.points)
      * multiplyAddCycles(
        tile, rows: shape.inChannels, k: tiling.tiles(shape), columns: shape.outChannels)
    let planes = 4 * tiling.planesCount(shape, channels: shape.inChannels + shape.outChannels)
    let sums = 4 * tiling.points * shape.inChannels * shape.outChannels
    let groups =
      tiling.points * shape.inChannels / tiling.itemM * shape.outChannels
      / tile.columns
    return products * unevenness(groups: groups)
      + (transformCycles(tiling.outTile) + 3 * Double(chunks * planes) / bandwidth(planes))
      * unevenness(groups: tiling.tiles(shape))
      + 2 * Double((chunks + 1) * sums) / bandwidth(sums)
  }

  private func gradient(_ tiling: WinogradFusedFilterTiling) -> Double {
    let tile = tiling.registerTile
    let tiles = tiling.tiles(shape)
    let panels = shape.outChannels / tiling.outBlock
    let pairs = Double(tiling.points * shape.inChannels * shape.outChannels) / Double(file.width)
    let products =
      Double(tiling.points)
      * multiplyAddCycles(tile, rows: shape.inChannels, k: tiles, columns: shape.outChannels)
    // A block loads and stores its sums in the core's cache; each part transforms them.
    let blocks = ceilDivide(ceilDivide(tiles, tiling.parts), tiling.block) * tiling.parts
    let sums = pairs * (4 * Double(blocks) + 3 * Double(tiling.parts))
    // Of the input's tiles all panels make their own.
    let transforms =
      Double(tiles * tiling.points * (shape.inChannels * panels + shape.outChannels))
      / Double(file.width) * 1.5
    let read = 4 * (shape.inCount + shape.outCount)
    let parts = 4 * tiling.parts * shape.filterCount
    return (products + sums + transforms) * unevenness(groups: panels * tiling.parts)
      + Double(read) / bandwidth(read) + 3 * Double(parts) / bandwidth(parts)
  }

  private func direct(_ tiling: Conv2DTiling) -> Double {
    let tile = tiling.registerTile
    let taps = shape.kernel * shape.kernel
    let rows = shape.outPixels
    // Each value is copied once for every panel: a load and a store of a vector.
    let columns = tile.columns
    let panels = channelsProduced / columns
    let copies = Double(rows * taps * channelsSummed * panels) / Double(file.width) * 2
    let products = multiplyAddCycles(
      tile, rows: rows, k: taps * channelsSummed, columns: channelsProduced)
    // Every tile of rows reads its panel of the filter again.
    let filter = 4 * taps * channelsSummed * channelsProduced
    let reading =
      Double(ceilDivide(rows, tiling.itemM)) * Double(filter) / bandwidth(filter / panels)
    return (copies + max(products, reading))
      * unevenness(groups: ceilDivide(rows, tiling.itemM) * panels)
  }

  private func tiles(_ outTile: Int) -> Int {
    shape.batch * ceilDivide(shape.inHeight, outTile) * ceilDivide(shape.inWidth, outTile)
  }

  /// Of both transforms of all tiles, about five instructions for each of a tile's points.
  private func transformCycles(_ outTile: Int) -> Double {
    let points = (outTile + 2) * (outTile + 2)
    return Double(tiles(outTile) * points * (channelsSummed + channelsProduced))
      / Double(file.width) * 1.5
  }

  private func winograd(_ tiling: WinogradTiling) -> Double? {
    guard case .panel(let tileK, let pointRows, let rowBlock) = tiling.product else { return nil }
    let tile = tiling.registerTile
    let chunks = shape.batch / tiling.images
    let rows = tiling.tiles(shape)
    let products =
      Double(chunks * tiling.points)
      * multiplyAddCycles(tile, rows: rows, k: channelsSummed, columns: channelsProduced)
    // The filter's columns are read, turned round and transformed again for each part of a tile's
    // points; cycles of a vector of one point, measured.
    let times = chunks * ceilDivide(rows, rowBlock)
    let parts = Double(tiling.outTile + 2) / Double(pointRows)
    let filters =
      Double(times * tiling.points * channelsSummed * channelsProduced) / Double(file.width)
      * (4 + (turnsFilter ? 5 : 3.3) * parts)
    // Written, which reads it first, and read again.
    let planes = 4 * tiling.planesCount(shape, channels: channelsSummed + channelsProduced)
    let traffic = 3 * Double(chunks * planes) / bandwidth(planes)
    // A group reads its rows for every panel, and its sums again in every round but the first.
    let columns = tile.columns
    let points = pointRows * (tiling.outTile + 2)
    let rowsOfChannels = 4 * points * rowBlock * channelsSummed
    let round = WinogradTiling.roundBytes(
      points: points, tileK: tileK, panel: columns, rowBlock: rowBlock)
    let reading =
      4 * Double(chunks * tiling.points * rows * channelsProduced)
      * (Double(channelsSummed) / Double(columns) / bandwidth(rowsOfChannels)
        + 2 * Double(channelsSummed / tileK - 1) / bandwidth(round))
    let groups =
      channelsProduced / columns * (tiling.outTile + 2) / pointRows * ceilDivide(rows, rowBlock)
    return (products + reading + filters) * unevenness(groups: groups)
      + (transformCycles(tiling.outTile) + traffic) * unevenness(groups: rows)
  }

  private func fused(_ tiling: WinogradFusedTiling) -> Double {
    let tile = tiling.registerTile
    let tiles = tiles(tiling.outTile)
    let points = (tiling.outTile + 2) * (tiling.outTile + 2)
    let filter = 4 * points * channelsSummed * channelsProduced
    let products =
      Double(points)
      * multiplyAddCycles(tile, rows: tiles, k: channelsSummed, columns: channelsProduced)
    // Every block of tiles reads the transformed filter again.
    let reading = Double(ceilDivide(tiles, tiling.block)) * Double(filter) / bandwidth(filter)
    let writing = 3 * Double(filter) / Conv2DEstimate.memoryBandwidth
    return writing
      + (max(products, reading) + transformCycles(tiling.outTile))
      * unevenness(groups: ceilDivide(tiles, tiling.block))
  }
}
