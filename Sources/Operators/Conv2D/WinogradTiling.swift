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
    case tile
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

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    outTile = try values.decode(Int.self, forKey: .outTile)
    images = try values.decode(Int.self, forKey: .images)
    itemM = try values.decode(Int.self, forKey: .itemM)
    itemN = try values.decode(Int.self, forKey: .itemN)
    vec = try values.decode(Int.self, forKey: .vec)
    workGroup = try values.decode(Int.self, forKey: .workGroup)
    // Results from when there was one kind of product do not name it.
    product = try values.decodeIfPresent(Product.self, forKey: .product) ?? .tile
  }

  package var description: String {
    let transforms = "winograd\(outTile)_n\(images)"
    let items = "im\(itemM)_in\(itemN)"
    switch product {
    case .tile: return "\(transforms)_\(items)_v\(vec)_wg\(workGroup)"
    case .local(let tileK, let x, let y):
      return "\(transforms)_local_\(items)_tk\(tileK)_wg\(x)x\(y)_v\(vec)_wg\(workGroup)"
    case .blas: return "\(transforms)_blas_v\(vec)_wg\(workGroup)"
    }
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
      return chosen.suffix(3).map { (outTile, $0) }
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
