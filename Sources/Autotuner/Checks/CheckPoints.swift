import DeviceRuntime

/// The elements of an output that a check compares with the reference.
///
/// Small outputs are compared whole. Of a large one so many that every index of every dimension
/// occurs (a Latin hypercube, McKay et al., Technometrics 1979), the corners, and the borders of
/// blocks of the sizes that a kernel was built for.
package enum CheckPoints {
  /// Points of a hypercube, at most.
  private static let most = 1500
  /// Numbers of the inputs that a check of one output takes, about.
  private static let affordableTerms = 4_000_000

  /// Indices in ascending order; `blocks` are sizes at whose multiples kernels begin something new.
  ///
  /// An output that takes at most `wholeTerms` numbers of the inputs is compared whole.
  package static func indices(
    of output: ReferenceOutput, blocks: Set<Int>, seed: UInt64, wholeTerms: Int = 1_000_000
  ) -> [Int] {
    let (extents, terms) = (output.extents, max(output.terms, 1))
    if output.sumsPixels || output.count <= wholeTerms / terms { return Array(0..<output.count) }
    let affordable = affordableTerms / terms
    var generator = ExampleGenerator(seed: seed)
    let points = min(most, max(extents.max() ?? 1, affordable))
    var indices = Set(hypercube(extents, points: points, &generator))
    indices.formUnion(corners(extents))
    // What vectors leave over at the end is computed one by one.
    if affordable > most { indices.formUnion(output.count - 64..<output.count) }
    let borders = borders(extents, blocks, &generator)
    indices.formUnion(borders.shuffled(using: &generator).prefix(points / 2))
    return indices.sorted()
  }

  /// Elements with the last coordinate of points whose values are 0, but not 0 themselves: what a
  /// ReLU or dropout took away says nothing of what came before.
  package static func visible(
    _ points: [Int], _ values: [Double], of output: ReferenceOutput
  ) -> [Int] {
    let (count, inner) = (output.count, output.extents.last ?? 1)
    guard inner > 1, count > inner, points.count < count else { return [] }
    var hidden = zip(points, values).filter { $0.1 == 0 }.map(\.0)
    var visible: [Int] = []
    for step in 1...4 where !hidden.isEmpty {
      // A prime of rows further on each time: another pixel, mostly of another image.
      let next = hidden.map { ($0 + step * 1009 * inner) % count }
      let values = output.elements(at: next).values
      visible += zip(next, values).filter { $0.1 != 0 }.map(\.0)
      hidden = zip(hidden, values).filter { $0.1 == 0 }.map(\.0)
    }
    return visible
  }

  /// Points of which each coordinate goes evenly over its extent.
  private static func hypercube(
    _ extents: [Int], points: Int, _ generator: inout ExampleGenerator
  ) -> [Int] {
    var indices = [Int](repeating: 0, count: points)
    for extent in extents {
      for (point, stratum) in (0..<points).shuffled(using: &generator).enumerated() {
        // The middle of a stratum that is narrower than an index: every index occurs.
        let place = extent <= points ? 0.5 : Double.random(in: 0..<1, using: &generator)
        let coordinate = Int((Double(stratum) + place) * Double(extent) / Double(points))
        indices[point] = indices[point] * extent + min(coordinate, extent - 1)
      }
    }
    return indices
  }

  private static func corners(_ extents: [Int]) -> [Int] {
    extents.reduce([0]) { indices, extent in
      indices.flatMap { [$0 * extent, $0 * extent + extent - 1] }
    }
  }

  /// Elements on either side of the first, the second and the last border of the blocks, along each
  /// dimension, along all but the last together, and along all together.
  private static func borders(
    _ extents: [Int], _ blocks: Set<Int>, _ generator: inout ExampleGenerator
  ) -> [Int] {
    let count = extents.reduce(1, *)
    var axes: [(extent: Int, inner: Int)] = [(count, 1)]
    var inner = 1
    for (number, extent) in extents.enumerated().reversed() {
      axes.append((extent, inner))
      if number == extents.count - 1 { axes.append((count / extent, extent)) }
      inner *= extent
    }
    var indices: Set<Int> = []
    for (extent, inner) in axes {
      for block in blocks.sorted() where block < extent {
        for border in [block, 2 * block, (extent - 1) / block * block] where border < extent {
          for place in [border - 1, border] {
            // Anywhere in the other dimensions.
            let outside = Int.random(in: 0..<count / (extent * inner), using: &generator)
            let inside = Int.random(in: 0..<inner, using: &generator)
            indices.insert((outside * extent + place) * inner + inside)
          }
        }
      }
    }
    return indices.sorted()
  }
}

extension OperationPlan {
  /// Sizes at whose multiples the launches may begin something new: vectors, tiles, panels, chunks
  /// and groups, by the macros that hold them.
  package var blocks: Set<Int> {
    var blocks: Set<Int> = []
    for case .kernel(let launch) in launches {
      func size(_ name: String) -> Int {
        launch.macros.first { $0.name == name }.flatMap { Int($0.value) } ?? 1
      }
      let vectors = size("VEC") * size("ITEM_N")
      blocks.formUnion([
        size("VEC"), vectors, vectors * size("WG_X"), size("ITEM_M"),
        size("ITEM_M") * size("WG_Y"), size("TILE_M"), size("TILE_K"), size("TILE_OUT"),
        size("BLOCK"), size("IMAGES"), size("PANEL"), size("UNROLL"),
        size("UNROLL") * size("WG_X"),
      ])
    }
    return blocks.filter { $0 > 1 }
  }
}
