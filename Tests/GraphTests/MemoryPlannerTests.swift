import Autotuner
import Graph
import Testing

struct MemoryPlannerTests {
  private typealias Request = MemoryPlanner.Request

  /// A few large and many small tensors.
  private func requests(_ generator: inout ExampleGenerator) -> [Request] {
    (0..<Int.random(in: 1...60, using: &generator)).map { index in
      let start = Int.random(in: 0..<40, using: &generator)
      let end = Int.random(in: start..<60, using: &generator)
      let isLarge = Int.random(in: 0..<3, using: &generator) == 0
      return Request(
        name: "t\(index)", bytes: 4 * Int.random(in: 1...(isLarge ? 3000 : 40), using: &generator),
        lifetime: start...end)
    }
  }

  @Test(arguments: 1...300)
  func placesOfTensorsThatLiveTogetherAreApart(seed: Int) throws {
    var generator = ExampleGenerator(seed: UInt64(seed))
    let requests = requests(&generator)
    let largest = requests.map(\.bytes).max() ?? 1
    let alignment = [1, 4, 128, 384].randomElement(using: &generator) ?? 1
    let maxAllocation = [largest, 2 * largest, 1 << 40].randomElement(using: &generator) ?? 1
    let result = try MemoryPlanner(alignment: alignment, maxAllocation: maxAllocation)
      .plan(requests)

    try #require(result.places.count == requests.count)
    for (index, (request, place)) in zip(requests, result.places).enumerated() {
      #expect(place.offset >= 0 && place.offset.isMultiple(of: alignment), "seed \(seed)")
      #expect(place.offset + request.bytes <= result.arenaBytes[place.arena], "seed \(seed)")
      for other in 0..<index
      where requests[other].lifetime.overlaps(request.lifetime)
        && result.places[other].arena == place.arena
      {
        let start = result.places[other].offset
        #expect(
          start + requests[other].bytes <= place.offset || place.offset + request.bytes <= start,
          "seed \(seed): \(requests[other]) at \(start), \(request) at \(place.offset)")
      }
    }
    #expect(result.arenaBytes.allSatisfy { (1...maxAllocation).contains($0) }, "seed \(seed)")
    let live = (0..<60).map { step in
      requests.reduce(0) { $0 + ($1.lifetime.contains(step) ? $1.bytes : 0) }
    }
    #expect(result.totalBytes >= live.max() ?? 0, "seed \(seed)")
    #expect(result.totalBytes == result.arenaBytes.reduce(0, +))
  }

  @Test func lifetimesThatDoNotMeetShareBytes() throws {
    let requests = (0..<10).map {
      Request(name: "\($0)", bytes: 100 + $0, lifetime: 2 * $0...2 * $0 + 1)
    }
    let result = try MemoryPlanner(alignment: 128, maxAllocation: 1 << 20).plan(requests)
    #expect(result.arenaBytes == [109])
    #expect(result.places.allSatisfy { $0.arena == 0 && $0.offset == 0 })
  }

  @Test func lifetimesThatMeetInOneOperationDoNotShare() throws {
    let result = try MemoryPlanner(alignment: 128, maxAllocation: 1 << 20).plan([
      Request(name: "a", bytes: 200, lifetime: 0...3),
      Request(name: "b", bytes: 50, lifetime: 3...5),
      Request(name: "c", bytes: 50, lifetime: 4...5),
    ])
    #expect(result.places.map(\.offset) == [0, 256, 0])
    #expect(result.arenaBytes == [306])
  }

  @Test func smallAllocationsGiveSeveralArenas() throws {
    let requests = (0..<5).map { Request(name: "\($0)", bytes: 60, lifetime: 0...1) }
    let result = try MemoryPlanner(alignment: 4, maxAllocation: 130).plan(requests)
    #expect(result.arenaBytes == [120, 120, 60])
    #expect(Set(result.places).count == 5)
  }

  @Test func nothingNeedsNothing() throws {
    let result = try MemoryPlanner(alignment: 128, maxAllocation: 1).plan([])
    #expect(result.places.isEmpty && result.arenaBytes.isEmpty && result.totalBytes == 0)
  }

  @Test func tensorLargerThanAnAllocationIsAnError() {
    let error = #expect(throws: MemoryError.self) {
      try MemoryPlanner(alignment: 4, maxAllocation: 5 << 20).plan([
        Request(name: "small", bytes: 4, lifetime: 0...0),
        Request(name: "conv0", bytes: 6 << 20, lifetime: 0...0),
      ])
    }
    #expect(error?.needed == 6 << 20 && error?.available == 5 << 20)
    #expect(
      error?.description
        == "the tensor 'conv0' in one allocation needs 6 MiB, the device has 5 MiB")
  }
}
