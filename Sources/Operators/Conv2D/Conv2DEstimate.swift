import DeviceRuntime

/// What a convolution costs on a CPU by a model of its cores, to rank configurations before any is
/// compiled.
///
/// Cycles of all cores together. Multiply-adds run at a register tile's efficiency; transforms, what
/// they leave in memory and what Winograd's products read come on top. Direct convolutions and fused
/// ones read from end to end: the slower of multiplying and reading counts.
struct Conv2DEstimate {
  let shape: Conv2DShape
  /// Whether channels change sides: backward data.
  var backward = false
  let device: DeviceInfo

  /// Bytes a cycle that a core gets from its own cache and from memory.
  private static let cacheBandwidth = 32.0
  private static let memoryBandwidth = 5.0

  /// Bytes a cycle that a core gets from the cache it shares.
  private var sharedBandwidth: Double {
    device.level3Bandwidth > 0 ? Double(device.level3Bandwidth) : 10
  }

  private var counts: Conv2DTraffic { Conv2DTraffic(shape: shape, backward: backward) }
  private var filterCounts: Conv2DFilterTraffic { Conv2DFilterTraffic(shape: shape) }
  private var channelsSummed: Int { counts.channelsSummed }
  private var channelsProduced: Int { counts.channelsProduced }

  private var file: RegisterFile {
    RegisterFile.possible(on: device).first ?? RegisterFile(width: 8, count: 16)
  }

  private func bandwidth(_ bytes: Int) -> Double {
    bytes <= device.cacheOfCore
      ? Conv2DEstimate.cacheBandwidth
      : bytes <= device.sharedCache ? sharedBandwidth : Conv2DEstimate.memoryBandwidth
  }

  /// Cycles of moving an operand from and to the nearest cache that holds its reach.
  ///
  /// `more` readings of it are added where the ranking was compared with measurements so.
  private func cycles(_ operand: OperandTraffic, more: Double = 0) -> Double {
    (operand.moved + more * operand.bytes) / bandwidth(operand.reach)
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
    let readings = filterCounts.readings(tiling, splitK: splitK)
    let groups =
      splitK * taps * shape.inChannels / tiling.itemM * shape.outChannels / tile.columns
    return (products + cycles(readings.x) + cycles(readings.dy)) * unevenness(groups: groups)
      + cycles(filterCounts.parts(splitK: splitK), more: splitK == 1 ? 1 : 0)
  }

  private func gradient(_ tiling: WinogradTiling) -> Double? {
    guard case .tile = tiling.product else { return nil }
    let tile = tiling.registerTile
    let chunks = shape.batch / tiling.images
    let products =
      Double(chunks * tiling.points)
      * multiplyAddCycles(
        tile, rows: shape.inChannels, k: tiling.tiles(shape), columns: shape.outChannels)
    let groups =
      tiling.points * shape.inChannels / tiling.itemM * shape.outChannels
      / tile.columns
    return products * unevenness(groups: groups)
      + (transformCycles(tiling.outTile) + cycles(Conv2DTraffic.planes(shape, tiling)))
      * unevenness(groups: tiling.tiles(shape))
      + cycles(filterCounts.sums(tiling), more: 1)
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
    let copies = counts.gathered(tiling) / Double(file.width) * 2
    let products = multiplyAddCycles(
      tile, rows: rows, k: taps * channelsSummed, columns: channelsProduced)
    let groups = ceilDivide(rows, tiling.itemM) * counts.panels(tiling)
    return (copies + max(products, cycles(counts.filterReading(tiling))))
      * unevenness(groups: groups)
  }

  /// Of both transforms of all tiles, about five instructions for each of a tile's points.
  private func transformCycles(_ outTile: Int) -> Double {
    let points = (outTile + 2) * (outTile + 2)
    return Double(counts.tiles(outTile) * points * (channelsSummed + channelsProduced))
      / Double(file.width) * 1.5
  }

  private func winograd(_ tiling: WinogradTiling) -> Double? {
    guard case .panel(_, let pointRows, let rowBlock) = tiling.product,
      let readings = counts.productReadings(tiling)
    else { return nil }
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
      * (4 + (backward ? 5 : 3.3) * parts)
    let groups =
      channelsProduced / tile.columns * (tiling.outTile + 2) / pointRows
      * ceilDivide(rows, rowBlock)
    return (products + cycles(readings.rows, more: 1) + cycles(readings.sums) + filters)
      * unevenness(groups: groups)
      + (transformCycles(tiling.outTile) + cycles(Conv2DTraffic.planes(shape, tiling)))
      * unevenness(groups: rows)
  }

  private func fused(_ tiling: WinogradFusedTiling) -> Double {
    let tile = tiling.registerTile
    let tiles = counts.tiles(tiling.outTile)
    let products =
      Double(tiling.points)
      * multiplyAddCycles(tile, rows: tiles, k: channelsSummed, columns: channelsProduced)
    let filter = counts.filterReading(tiling)
    let writing = 3 * filter.bytes / Conv2DEstimate.memoryBandwidth
    return writing
      + (max(products, cycles(filter)) + transformCycles(tiling.outTile))
      * unevenness(groups: ceilDivide(tiles, tiling.block))
  }
}
