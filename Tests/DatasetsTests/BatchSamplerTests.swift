import Datasets
import Testing

@Suite struct BatchSamplerTests {
  @Test(arguments: [0, 1, 2, 3, 7, 1000, 60_000])
  func isAPermutation(count: Int) {
    let order = BatchSampler(count: count, seed: 1).permutation(epoch: 3)
    #expect(order.sorted() == (0..<UInt32(count)).map { $0 })
  }

  /// Computed by a separate program, in Python, from the definition.
  @Test func knownOrders() {
    let ten = BatchSampler(count: 10, seed: 1)
    #expect(ten.permutation(epoch: 0) == [3, 5, 6, 1, 2, 0, 7, 9, 8, 4])
    #expect(ten.permutation(epoch: 1) == [8, 7, 5, 0, 2, 9, 6, 1, 4, 3])
    #expect(
      BatchSampler(count: 10, seed: 1 << 33 + 7).permutation(epoch: 2)
        == [3, 2, 5, 4, 0, 8, 9, 7, 6, 1])
    #expect(
      BatchSampler(count: 60_000, seed: 1).permutation(epoch: 0).prefix(8)
        == [9631, 30538, 47344, 34028, 57736, 44543, 14710, 55258])
  }

  @Test func dependsOnEpochAndSeedOnly() {
    let sampler = BatchSampler(count: 500, seed: 5)
    let order = sampler.permutation(epoch: 4)
    #expect(order == BatchSampler(count: 500, seed: 5).permutation(epoch: 4))
    #expect(order != sampler.permutation(epoch: 5))
    #expect(order != sampler.permutation(epoch: 4 + 1 << 32))
    #expect(order != BatchSampler(count: 500, seed: 6).permutation(epoch: 4))
    #expect(order != BatchSampler(count: 500, seed: 5 + 1 << 32).permutation(epoch: 4))
  }
}
