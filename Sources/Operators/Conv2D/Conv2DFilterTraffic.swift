import Autotuner
import DeviceRuntime

/// What the configurations of backward filter move, operand by operand: the numbers behind both
/// `Conv2DEstimate` and `TunableOperation.work`.
struct Conv2DFilterTraffic {
  let shape: Conv2DShape

  private var x: Int { 4 * shape.inCount }
  private var dy: Int { 4 * shape.outCount }
  private var dw: Int { 4 * shape.filterCount }

  private var target: OperandTraffic { OperandTraffic(bytes: Double(dw), writes: 1) }

  /// Of an operand whose rows are `itemM` floats a cache line of 16 is read at least.
  private func lines(_ itemM: Int) -> Double { max(1, 16 / Double(itemM)) }

  // MARK: Direct

  /// x and dy as each tap and tile reads its part's images of them again.
  func readings(
    _ tiling: Conv2DTiling, splitK: Int
  ) -> (x: OperandTraffic, dy: OperandTraffic) {
    let taps = Double(shape.kernel * shape.kernel)
    func reading(_ bytes: Int, times: Double) -> OperandTraffic {
      OperandTraffic(
        bytes: Double(bytes), reads: min(1, times), again: max(0, times - 1),
        reach: (x + dy) / splitK)
    }
    let panels = ceilDivide(shape.outChannels, tiling.registerTile.columns)
    return (
      reading(
        x,
        times: taps * Double(panels) * lines(tiling.itemM) / Double(shape.stride * shape.stride)),
      reading(dy, times: taps * Double(ceilDivide(shape.inChannels, tiling.itemM)))
    )
  }

  /// The sums of the parts that the images are split in; without parts they are dw.
  func parts(splitK: Int) -> OperandTraffic {
    splitK == 1
      ? OperandTraffic(bytes: Double(dw), writes: 1, reach: dw)
      : OperandTraffic(
        bytes: Double(splitK * dw), reads: 1, writes: 1, reach: splitK * dw, isScratch: true)
  }

  func direct(_ tiling: Conv2DTiling, splitK: Int) -> [OperandTraffic] {
    let strips = Conv2DBackwardFilter.strips(shape, tiling)
    let readings = readings(tiling, splitK: splitK)
    func packed(_ operand: OperandTraffic, _ isPacked: Bool) -> [OperandTraffic] {
      guard isPacked else { return [operand] }
      var reading = operand
      reading.isScratch = true
      return [
        OperandTraffic(bytes: operand.bytes, reads: 1),
        OperandTraffic(bytes: operand.bytes, writes: 1, isScratch: true), reading,
      ]
    }
    return packed(readings.x, strips.x < shape.inChannels)
      + packed(readings.dy, strips.dy < shape.outChannels) + [parts(splitK: splitK)]
      + (splitK > 1 ? [target] : [])
  }

  // MARK: Winograd

  /// The products' sums, which each chunk adds to and dw is made of.
  func sums(_ tiling: WinogradTiling) -> OperandTraffic {
    let bytes = 4 * tiling.points * shape.inChannels * shape.outChannels
    return OperandTraffic(
      bytes: Double(bytes), reads: 1, writes: Double(shape.batch / tiling.images), reach: bytes,
      isScratch: true)
  }

  /// nil for products that are not of register tiles.
  func winograd(_ tiling: WinogradTiling) -> [OperandTraffic]? {
    guard case .tile = tiling.product else { return nil }
    let columns = tiling.registerTile.columns
    let rows = tiling.tiles(shape)
    let floats = 4 * Double(shape.batch / tiling.images * tiling.points * rows)
    return [
      Conv2DTraffic.overlapping(x, outTile: tiling.outTile, channels: shape.inChannels),
      OperandTraffic(bytes: Double(dy), reads: 1), Conv2DTraffic.planes(shape, tiling),
      // A tile's rows of x's points for every panel, and all panels of dy's for every tile.
      OperandTraffic(
        bytes: floats * Double(shape.inChannels),
        again: Double(shape.outChannels / columns) * lines(tiling.itemM) - 1,
        reach: 4 * rows * (tiling.itemM + columns)),
      OperandTraffic(
        bytes: floats * Double(shape.outChannels),
        again: Double(shape.inChannels / tiling.itemM - 1), reach: 4 * rows * shape.outChannels),
      sums(tiling), target,
    ]
  }

  /// One kernel that keeps transformed tiles and sums in a core's cache.
  func fused(_ tiling: WinogradFusedFilterTiling) -> [OperandTraffic] {
    let panels = Double(shape.outChannels / tiling.outBlock)
    let tiles = tiling.tiles(shape)
    let blocks = ceilDivide(ceilDivide(tiles, tiling.parts), tiling.block) * tiling.parts
    let local = tiling.localBytes(shape)
    var input = Conv2DTraffic.overlapping(x, outTile: tiling.outTile, channels: shape.inChannels)
    input.again += panels - 1
    input.reach = max(input.reach, x)
    let transformed =
      4 * Double(tiling.points * tiles)
      * (Double(shape.inChannels) * panels + Double(shape.outChannels))
    let sums = 4 * Double(tiling.points * shape.inChannels * shape.outChannels)
    return [
      input, OperandTraffic(bytes: Double(dy), reads: 1),
      // Stored, which reads the line first, and read; and the sums of every block likewise.
      OperandTraffic(bytes: transformed, again: 3, reach: local),
      OperandTraffic(bytes: sums, again: 2 * Double(blocks), reach: local),
      parts(splitK: tiling.parts),
    ] + (tiling.parts > 1 ? [target] : [])
  }
}
