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
  /// What a chunk needs should stay in a CPU's cache; a GPU takes as many as memory allows.
  package var images: Int
  /// Rows of a product per work-item.
  package var itemM: Int
  /// Columns of a product per work-item, in vectors of `vec`.
  ///
  /// Neither counts for `Product.blas`.
  package var itemN: Int
  /// Floats in a vector; divides the channels.
  package var vec: Int
  /// Work-items in a group of a transform, along channels.
  ///
  /// 1 on a CPU.
  package var workGroup: Int
  /// What makes the products.
  package var product: Product

  package enum Product: Hashable, Codable, Sendable {
    /// One work-item a group with a register tile of vectors: CPUs.
    ///
    /// Backward filter: a sum goes over all rows of a chunk.
    case tile
    /// The same for forward and backward data, where a group makes the products of `rowBlock` rows
    /// and of the points of `pointRows` rows of a tile, and transforms `tileK` channels of the
    /// filter at a time.
    ///
    /// `vec` divides `tileK`, `tileK` the channels summed, `pointRows` a tile's rows of points,
    /// `itemM` the row block.
    case panel(tileK: Int, pointRows: Int, rowBlock: Int)
    /// Groups of work-items that share tiles in local memory, `tileK` elements of a sum a round:
    /// GPUs.
    ///
    /// `vec` divides `tileK`.
    case local(tileK: Int, workGroupX: Int, workGroupY: Int)
    /// One call of CLBlast for all points.
    case blas
  }

  package init(
    outTile: Int, images: Int, itemM: Int, itemN: Int, vec: Int = 16, workGroup: Int = 1,
    product: Product = .tile
  ) {
    self.outTile = outTile
    self.images = images
    self.itemM = itemM
    self.itemN = itemN
    self.vec = vec
    self.workGroup = workGroup
    self.product = product
  }

  package var description: String {
    let transforms = "winograd\(outTile)_n\(images)"
    let items = "im\(itemM)_in\(itemN)"
    switch product {
    case .tile: return "\(transforms)_\(items)_v\(vec)_wg\(workGroup)"
    case .panel(let tileK, let pointRows, let rowBlock):
      return "\(transforms)_\(items)_tk\(tileK)_p\(pointRows)_r\(rowBlock)_v\(vec)"
    case .local(let tileK, let x, let y):
      return "\(transforms)_local_\(items)_tk\(tileK)_wg\(x)x\(y)_v\(vec)_wg\(workGroup)"
    case .blas: return "\(transforms)_blas_v\(vec)_wg\(workGroup)"
    }
  }

  /// The tile of a product that a work-item keeps in registers.
  var registerTile: RegisterTile { RegisterTile(itemM: itemM, itemN: itemN, vec: vec) }

  /// Points of a transformed tile, each a plane of the products.
  var points: Int { (outTile + 2) * (outTile + 2) }

  /// Floats between two planes of transformed tiles, as PLANE_PAD in winograd.clh.
  static let planePad = 16

  func tiles(_ shape: Conv2DShape) -> Int {
    images * ceilDivide(shape.inHeight, outTile) * ceilDivide(shape.inWidth, outTile)
  }

  /// Of the products of all tiles' points, two for each multiply-add.
  static func flops(_ shape: Conv2DShape, outTile: Int) -> Double {
    let whole = WinogradTiling(outTile: outTile, images: shape.batch, itemM: 1, itemN: 1)
    return 2 * Double(whole.points * whole.tiles(shape) * shape.inChannels * shape.outChannels)
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

extension WinogradTiling {
  /// Output tiles and images of a chunk that make sense for a shape: chunks whose transformed tiles
  /// take from about 1 to 32 MiB.
  static func chunkings(
    _ shape: Conv2DShape
  ) -> [(outTile: Int, images: Int)] {
    let divisors = (1...shape.batch).filter { shape.batch.isMultiple(of: $0) }
    return [4, 2].flatMap { outTile in
      let fitting = divisors.filter { images in
        let tiling = WinogradTiling(outTile: outTile, images: images, itemM: 1, itemN: 1)
        let bytes =
          4 * tiling.planesCount(shape, channels: shape.inChannels + shape.outChannels)
        return bytes >= 1 << 20 && bytes <= 32 << 20
      }
      let chosen = fitting.isEmpty ? [divisors.last ?? 1] : fitting
      return chosen.suffix(outTile == 4 ? 3 : 1).reversed().map { (outTile, $0) }
    }
  }

  /// The tilings of forward and backward data for CPUs.
  static func panels(
    _ shape: Conv2DShape, channelsSummed: Int, channelsProduced: Int, on device: DeviceInfo
  ) -> [WinogradTiling] {
    guard applies(to: shape) else { return [] }
    return chunkings(shape).flatMap { outTile, images in
      let chunk = WinogradTiling(outTile: outTile, images: images, itemM: 1, itemN: 1)
      let rows = chunk.tiles(shape)
      return RegisterTile.candidates(
        rows: .partial(rows), channels: channelsProduced,
        vecs: [16, 8, 4].filter(channelsSummed.isMultiple(of:)), on: device
      ).prefix(outTile == 4 ? 3 : 1).flatMap { tile in
        (1...outTile + 2).filter { (outTile + 2).isMultiple(of: $0) }.flatMap { pointRows in
          chunk.panels(
            tile, pointRows: pointRows, rows: rows, channelsSummed: channelsSummed,
            channelsProduced: channelsProduced, on: device)
        }
      }
    }
  }

  /// Bytes that a group of `Product.panel` goes through in one of its rounds: its part of the
  /// transformed filter, the rows of the input's planes and those of the sums.
  static func roundBytes(points: Int, tileK: Int, panel: Int, rowBlock: Int) -> Int {
    4 * points * (tileK * panel + rowBlock * (tileK + panel))
  }

  /// The same chunk with these products; none where not even the fewest channels of a filter fit.
  private func panels(
    _ tile: RegisterTile, pointRows: Int, rows: Int, channelsSummed: Int, channelsProduced: Int,
    on device: DeviceInfo
  ) -> [WinogradTiling] {
    let panel = tile.itemN * tile.vec
    let points = pointRows * (outTile + 2)
    let groups = channelsProduced / panel * ((outTile + 2) / pointRows)
    // Each block of rows transforms the filter anew: no more of them than keep the cores busy.
    let blocks = max(1, min(ceilDivide(4 * device.computeUnits, groups), rows / tile.itemM))
    let rowBlock = ceilDivide(ceilDivide(rows, blocks), tile.itemM) * tile.itemM
    let fitting = stride(from: tile.vec, through: channelsSummed, by: tile.vec).filter {
      let localBytes = 4 * points * ($0 * panel + WinogradTiling.planePad)
      return channelsSummed.isMultiple(of: $0)
        && localBytes <= min(device.localMemory, device.cacheOfCore / 2)
    }
    // A round that stays in a core's cache, and the longest of which the filter does.
    let inCache = fitting.last {
      WinogradTiling.roundBytes(points: points, tileK: $0, panel: panel, rowBlock: rowBlock)
        <= device.cacheOfCore * 3 / 4
    }
    return unique([inCache, fitting.last].compactMap { $0 }).map { tileK in
      var result = self
      (result.itemM, result.itemN, result.vec) = (tile.itemM, tile.itemN, tile.vec)
      result.product = .panel(tileK: tileK, pointRows: pointRows, rowBlock: rowBlock)
      return result
    }
  }

  /// A GPU's chunks take no more than this with what lies between the transforms.
  private static let largestChunkBytes = 64 << 20

  /// The tilings for GPUs: products in local memory, then CLBlast's.
  static func gpuCandidates(_ shape: Conv2DShape, on device: DeviceInfo) -> [WinogradTiling] {
    guard applies(to: shape) else { return [] }
    let vec = [4, 2].first {
      shape.inChannels.isMultiple(of: $0) && shape.outChannels.isMultiple(of: $0)
    }
    let vectors = max(shape.inChannels, shape.outChannels) / (vec ?? 1)
    // A larger group would stand idle where there are few vectors.
    let workGroups = [32, 64].filter {
      $0 <= device.maxWorkGroup && ($0 == 32 || vectors > 32)
    }
    return [4, 2].flatMap { outTile in
      workGroups.flatMap { workGroup in
        products(outTile: outTile, vec: vec ?? 1, workGroup: workGroup)
      }
    }.compactMap { tiling in
      tiling.productFits(device) ? tiling.withLargestChunk(of: shape) : nil
    }
  }

  /// The products of 64 x 64, 64 x 64 and 32 x 32 results a group, and CLBlast's.
  private static func products(outTile: Int, vec: Int, workGroup: Int) -> [WinogradTiling] {
    let quads = 4 / vec
    func local(itemM: Int, columns: Int, tileK: Int, x: Int, y: Int) -> WinogradTiling {
      WinogradTiling(
        outTile: outTile, images: 1, itemM: itemM, itemN: columns * quads, vec: vec,
        workGroup: workGroup, product: .local(tileK: tileK, workGroupX: x, workGroupY: y))
    }
    return [
      local(itemM: 4, columns: 1, tileK: 16, x: 16, y: 16),
      local(itemM: 8, columns: 2, tileK: 8, x: 8, y: 8),
      local(itemM: 4, columns: 1, tileK: 8, x: 8, y: 8),
      WinogradTiling(
        outTile: outTile, images: 1, itemM: 1, itemN: 1, vec: vec, workGroup: workGroup,
        product: .blas),
    ]
  }

  /// The same with the largest chunk that memory allows; nil where one image is too much.
  private func withLargestChunk(of shape: Conv2DShape) -> WinogradTiling? {
    (1...shape.batch).filter { shape.batch.isMultiple(of: $0) }.map { images in
      var tiling = self
      tiling.images = images
      return tiling
    }.last {
      4 * $0.planesCount(shape, channels: shape.inChannels + shape.outChannels)
        <= WinogradTiling.largestChunkBytes
    }
  }

  private func productFits(_ device: DeviceInfo) -> Bool {
    guard case .local(let tileK, let x, let y) = product else { return true }
    // Both passes' tiles; the left one's rows have a vector more.
    let localBytes = 4 * (itemM * y * (tileK + vec) + tileK * itemN * vec * x)
    return x * y <= device.maxWorkGroup && localBytes <= device.localMemory
  }

  /// What a CPU tries of them, so that they are checked there: one for each output tile.
  static func sharedCandidates(_ shape: Conv2DShape, on device: DeviceInfo) -> [WinogradTiling] {
    let all = gpuCandidates(shape, on: device)
    guard device.kind != .gpu else { return all }
    return [4, 2].compactMap { outTile in
      all.first { $0.outTile == outTile && $0.itemM == 4 && $0.product.isSmallGroup }
    }
  }
}

extension WinogradTiling.Product {
  fileprivate var isSmallGroup: Bool {
    if case .local(_, let x, let y) = self { x * y <= 64 } else { false }
  }
}
