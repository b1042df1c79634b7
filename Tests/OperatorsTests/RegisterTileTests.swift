import DeviceRuntime
import Testing

@testable import Operators

/// The register tiles that the model of a CPU's cores proposes.
struct RegisterTileTests {
  private static func device(width: Int, registers: Int) -> DeviceInfo {
    var info = DeviceInfo.planning
    (info.nativeFloatWidth, info.vectorRegisters) = (width, registers)
    return info
  }

  private static let shapes: [(rows: RegisterTile.Rows, channels: Int)] = [
    (.partial(32768), 160), (.partial(128), 640), (.partial(2048), 16), (.whole(160), 160),
    (.whole(16), 64), (.whole(3), 16), (.partial(5), 36),
  ]

  @Test(
    "tiles fit the registers of any processor and keep its units busy",
    arguments: [(16, 32), (8, 16), (4, 32), (4, 16), (4, 24), (2, 12)])
  func fit(width: Int, registers: Int) throws {
    let device = Self.device(width: width, registers: registers)
    for (rows, channels) in Self.shapes {
      let tiles = RegisterTile.candidates(rows: rows, channels: channels, on: device)
      #expect(!tiles.isEmpty && Set(tiles).count == tiles.count)
      for tile in tiles {
        // Counted one by one: what lives at once in the inner loop.
        var used = 1  // the value that is broadcast
        for _ in 0..<tile.itemN {
          for _ in stride(from: 0, to: tile.vec, by: width) {
            used += 1  // of the right operand
            for _ in 0..<tile.itemM { used += 1 }  // sums
          }
        }
        #expect(used <= registers, "\(tile) of \(registers) registers of \(width)")
        #expect(channels.isMultiple(of: tile.itemN * tile.vec), "\(tile)")
        if case .whole(let rows) = rows { #expect(rows.isMultiple(of: tile.itemM), "\(tile)") }
      }
    }
    // Eight multiply-adds in flight, and more of them than loads.
    let best = try #require(
      RegisterTile.candidates(rows: .partial(32768), channels: 320, on: device).first)
    let file = RegisterFile(width: width, count: registers)
    #expect(best.itemM * best.itemN * file.registers(of: best.vec) >= 8, "\(best)")
    #expect(file.efficiency(of: best) > 0.85, "\(best)")
  }

  @Test("what is not known of a processor widens the space")
  func unknown() {
    let unknown = RegisterTile.candidates(
      rows: .partial(1024), channels: 160, on: Self.device(width: 0, registers: 0))
    for (width, registers) in [(16, 32), (8, 16), (4, 32)] {
      let known = RegisterTile.candidates(
        rows: .partial(1024), channels: 160, on: Self.device(width: width, registers: registers))
      #expect(Set(known).isSubset(of: unknown))
    }
  }

  @Test("a tile that waits for its own sums, or for its loads, is known to be slow")
  func efficiency() {
    let file = RegisterFile(width: 8, count: 16)
    // Two sums in a chain of four cycles: a quarter of eight.
    #expect(file.efficiency(of: RegisterTile(itemM: 1, itemN: 2, vec: 8)) == 0.25)
    #expect(file.efficiency(of: RegisterTile(itemM: 6, itemN: 2, vec: 8)) > 0.9)
    // Half a register is half the work.
    #expect(
      2 * file.efficiency(of: RegisterTile(itemM: 6, itemN: 2, vec: 4))
        == file.efficiency(of: RegisterTile(itemM: 6, itemN: 2, vec: 8)))
  }

  @Test("tiles leave no row unused where another does as well")
  func rows() throws {
    let device = Self.device(width: 16, registers: 32)
    for rows in [64, 128, 36, 49] {
      let tiles = RegisterTile.candidates(rows: .partial(rows), channels: 160, on: device)
      #expect(tiles.contains { rows.isMultiple(of: $0.itemM) && $0.itemM > 1 }, "\(rows)")
    }
  }
}
