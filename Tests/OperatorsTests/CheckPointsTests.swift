import Autotuner
import Testing

/// Which elements of an output a check compares.
struct CheckPointsTests {
  private func output(
    _ extents: [Int], terms: Int = 1, sumsPixels: Bool = false
  ) -> ReferenceOutput {
    ReferenceOutput(extents, terms: terms, sumsPixels: sumsPixels) { _ in (0, 0) }
  }

  @Test("every index of every dimension occurs", arguments: [1, 2, 3] as [UInt64])
  func everyIndex(seed: UInt64) {
    let extents = [128, 32, 32, 640]
    let points = CheckPoints.indices(of: output(extents, terms: 5760), blocks: [16], seed: seed)
    #expect(points.count <= 2 * 1500 + 16 && points == points.sorted())
    var inner = 1
    for extent in extents.reversed() {
      #expect(Set(points.map { $0 / inner % extent }).count == extent)
      inner *= extent
    }
    #expect(points.first == 0 && points.last == inner - 1)
  }

  @Test("few points of what takes very many terms, but every channel")
  func expensive() {
    let points = CheckPoints.indices(
      of: output([3, 3, 160, 160], terms: 131_072), blocks: [], seed: 1)
    #expect(points.count < 200)
    #expect(Set(points.map { $0 % 160 }).count == 160)
    #expect(Set(points.map { $0 / 160 % 160 }).count == 160)
  }

  @Test("small outputs and sums over pixels are whole")
  func whole() {
    let sums = output([3000], terms: 100_000, sumsPixels: true)
    #expect(CheckPoints.indices(of: sums, blocks: [], seed: 1).count == 3000)
    #expect(CheckPoints.indices(of: output([70, 100]), blocks: [], seed: 1).count == 7000)
  }

  @Test("either side of the first and the last border of a block")
  func borders() {
    let points = CheckPoints.indices(
      of: output([4096, 5000], terms: 100), blocks: [48], seed: 1)
    for (extent, inner) in [(4096, 5000), (5000, 1)] {
      let places = Set(points.map { $0 / inner % extent })
      let last = (extent - 1) / 48 * 48
      #expect(places.isSuperset(of: [47, 48, 95, 96, last - 1, last]))
    }
  }

  @Test("a zero is looked through to an element of the same channel that is none")
  func visible() {
    // Channel 3 shows in one row of three.
    let output = ReferenceOutput([3000, 8]) { index in
      (index % 8 == 3 && index / 8 % 3 != 0 ? 0 : 1, 0)
    }
    let hidden = [8 * 100 + 3, 8 * 101 + 3]
    let visible = CheckPoints.visible(hidden, [0, 0], of: output)
    #expect(visible.count == 2 && visible.allSatisfy { $0 % 8 == 3 && output[$0].value == 1 })
  }
}
