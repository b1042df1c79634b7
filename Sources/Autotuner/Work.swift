/// What a configuration computes and moves for its problem: counted from its tiling, not measured.
package struct Work: Hashable, Sendable {
  /// Floating-point operations of the algorithm's multiply-adds, each two.
  package var flops: Double
  /// nil where nobody has counted.
  package var traffic: Traffic?

  package init(flops: Double, traffic: Traffic?) {
    self.flops = flops
    self.traffic = traffic
  }

  /// What the problem needs, whatever the configuration.
  package init(_ cost: Cost) {
    self.init(
      flops: cost.flops, traffic: Traffic(cacheBytes: cost.bytes, memoryBytes: cost.bytes))
  }

  package static func + (a: Work, b: Work) -> Work {
    var traffic: Traffic?
    if let first = a.traffic, let second = b.traffic { traffic = first + second }
    return Work(flops: a.flops + b.flops, traffic: traffic)
  }
}

/// Bytes that are moved.
package struct Traffic: Hashable, Sendable {
  /// Between all cores' first caches and their second ones.
  package var cacheBytes: Double
  /// From and to memory.
  package var memoryBytes: Double

  package init(cacheBytes: Double, memoryBytes: Double) {
    self.cacheBytes = cacheBytes
    self.memoryBytes = memoryBytes
  }

  package static func + (a: Traffic, b: Traffic) -> Traffic {
    Traffic(
      cacheBytes: a.cacheBytes + b.cacheBytes, memoryBytes: a.memoryBytes + b.memoryBytes)
  }
}
