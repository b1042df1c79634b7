import DeviceRuntime

/// A tile of sums that a work-item keeps in a CPU's vector registers while it adds products.
///
/// Each step loads `itemN` vectors of the right operand, broadcasts `itemM` values of the left one
/// and makes `itemM * itemN` vector multiply-adds.
package struct RegisterTile: Hashable, Sendable {
  /// Rows: values that are broadcast.
  package var itemM: Int
  /// Columns in vectors of `vec` floats.
  package var itemN: Int
  package var vec: Int

  /// Columns in floats.
  var columns: Int { itemN * vec }
}

/// The registers of a CPU's vectors.
package struct RegisterFile: Hashable, Sendable {
  /// Floats in a register.
  package var width: Int
  package var count: Int
  /// Multiply-adds of a register that start in a cycle.
  package var multiplyAddsPerCycle: Int

  package init(width: Int, count: Int, multiplyAddsPerCycle: Int = 2) {
    self.width = width
    self.count = count
    self.multiplyAddsPerCycle = multiplyAddsPerCycle
  }

  /// The registers of a device; all sorts of them where the driver or the system does not tell, so
  /// that the tuner decides.
  static func possible(on device: DeviceInfo) -> [RegisterFile] {
    guard device.nativeFloatWidth > 1, device.vectorRegisters > 0 else {
      return [(16, 32), (8, 16), (4, 32), (4, 16)].map { RegisterFile(width: $0.0, count: $0.1) }
    }
    return [
      RegisterFile(
        width: device.nativeFloatWidth, count: device.vectorRegisters,
        multiplyAddsPerCycle: device.multiplyAddsPerCycle > 0 ? device.multiplyAddsPerCycle : 2)
    ]
  }

  /// Registers that a vector of `vec` floats takes.
  func registers(of vec: Int) -> Int { ceilDivide(vec, width) }

  /// Registers that a tile takes: its sums, the right operand and a value of the left one.
  func registers(of tile: RegisterTile) -> Int {
    (tile.itemM + 1) * tile.itemN * registers(of: tile.vec) + 1
  }

  /// The share of the peak that a tile can reach: two loads and four instructions start in a cycle
  /// beside the multiply-adds, and a multiply-add takes four cycles.
  ///
  /// That is what the cores of the last ten years have in common. Of two loads with registers of 16
  /// floats about one is left where operands come from the second cache (Intel Xeon, 2026-12-01).
  func efficiency(of tile: RegisterTile) -> Double {
    let parts = registers(of: tile.vec)
    let multiplyAdds = Double(tile.itemM * tile.itemN * parts)
    let loads = Double(tile.itemM + tile.itemN * parts)
    let loopInstructions = 2.0
    let loadsPerCycle = width < 16 ? 2.0 : 1
    let atPeak = multiplyAdds / Double(multiplyAddsPerCycle)
    let cycles = max(
      atPeak, 4, loads / loadsPerCycle, (multiplyAdds + loads + loopInstructions) / 4)
    let used = Double(tile.vec) / Double(parts * width)
    return atPeak / cycles * used
  }
}

extension RegisterTile {
  /// The fewest of `channels` that hold whole vectors and whole tiles; all where none do.
  func strip(of channels: Int) -> Int {
    stride(from: vec, to: channels, by: vec).first {
      $0.isMultiple(of: itemM) && channels.isMultiple(of: $0)
    } ?? channels
  }

  /// How rows that are no multiple of a tile's are computed.
  enum Rows {
    /// The last tile has fewer.
    case partial(Int)
    /// There are none: `itemM` divides the rows.
    case whole(Int)

    /// The share of the work, or of what is read, that is of use with tiles of `itemM` rows.
    func use(_ itemM: Int) -> Double {
      switch self {
      case .partial(let rows): Double(rows) / Double(ceilDivide(rows, itemM) * itemM)
      // A value's neighbours come with its cache line: tiles that share lines read them again.
      case .whole: itemM.isMultiple(of: 8) ? 1 : itemM.isMultiple(of: 4) ? 0.95 : 0.9
      }
    }

    /// The numbers of rows up to `limit` that are worth a try, the larger first.
    func candidates(atMost limit: Int) -> [Int] {
      switch self {
      case .partial(let rows):
        // Of the large ones that which wastes the least, and of all.
        let all = Array(1...min(limit, rows))
        return [all.filter { 4 * $0 >= 3 * all.count }, all].compactMap { some in
          some.max { (use($0), $0) < (use($1), $1) }
        }
      case .whole(let rows):
        return (1...max(1, min(limit, rows))).filter { rows.isMultiple(of: $0) }.suffix(2)
          .reversed()
      }
    }
  }

  /// The tiles that stay in registers, the best by the model first.
  ///
  /// `channels` are a multiple of a tile's columns; `vecs` are the widths of vectors allowed.
  static func candidates(
    rows: Rows, channels: Int, vecs: [Int] = [16, 8, 4, 2, 1], on device: DeviceInfo
  ) -> [RegisterTile] {
    unique(RegisterFile.possible(on: device).flatMap { $0.tiles(rows, channels, vecs) })
  }
}

extension RegisterFile {
  /// Tiles of one file of registers: at most this many.
  private static let limit = 8

  fileprivate func tiles(_ rows: RegisterTile.Rows, _ channels: Int, _ vecs: [Int])
    -> [RegisterTile]
  {
    let dividing = vecs.filter { channels.isMultiple(of: $0) }
    // Whole registers, and pairs of them; shorter vectors only where no other divides the channels.
    let full = dividing.filter { $0.isMultiple(of: width) && $0 <= 2 * width }
    let widest = dividing.filter { $0 < width }.max()
    let tiles = (full.isEmpty ? widest.map { [$0] } ?? [] : full).flatMap { vec in
      (1...8).filter { channels.isMultiple(of: $0 * vec) }.flatMap { itemN -> [RegisterTile] in
        let parts = itemN * registers(of: vec)
        let itemM = (count - 1 - parts) / parts
        guard itemM >= 1 else { return [] }
        return rows.candidates(atMost: itemM).map {
          RegisterTile(itemM: $0, itemN: itemN, vec: vec)
        }
      }
    }
    func score(_ tile: RegisterTile) -> Double { efficiency(of: tile) * rows.use(tile.itemM) }
    func loads(_ tile: RegisterTile) -> Double {
      let columns = Double(tile.itemN * registers(of: tile.vec))
      return (Double(tile.itemM) + columns) / (Double(tile.itemM) * columns)
    }
    // Of tiles that are about as good, the one that loads less.
    let sorted = unique(tiles).sorted {
      let (a, b) = ((score($0) * 16).rounded(), (score($1) * 16).rounded())
      return (a, loads($1)) > (b, loads($0))
    }
    return Array(sorted.prefix(RegisterFile.limit))
  }
}
