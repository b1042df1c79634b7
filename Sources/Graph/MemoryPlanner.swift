/// Places tensors with known lifetimes into as few bytes as it can.
///
/// Lifetimes are intervals of operations. Two tensors may share bytes when their lifetimes do not
/// meet. Places are chosen greedily, largest tensor first, each as low as it goes.
package struct MemoryPlanner: Sendable {
  package struct Request: Sendable {
    package var name: String
    package var bytes: Int
    /// The first and the last operation that need the tensor.
    package var lifetime: ClosedRange<Int>

    package init(name: String, bytes: Int, lifetime: ClosedRange<Int>) {
      self.name = name
      self.bytes = bytes
      self.lifetime = lifetime
    }
  }

  package struct Place: Hashable, Sendable {
    /// Which arena: there are several where one would be larger than an allocation may be.
    package var arena: Int
    /// Bytes from the arena's start, a multiple of the alignment.
    package var offset: Int
  }

  package struct Result: Sendable {
    /// One for each request, in their order.
    package var places: [Place]
    package var arenaBytes: [Int]

    package var totalBytes: Int { arenaBytes.reduce(0, +) }

    init(places: [Place], arenaBytes: [Int]) {
      self.places = places
      self.arenaBytes = arenaBytes
    }

    /// An arena for each request.
    init(withoutSharing requests: [Request]) {
      self.init(
        places: requests.indices.map { Place(arena: $0, offset: 0) },
        arenaBytes: requests.map(\.bytes))
    }
  }

  /// Bytes that every place is a multiple of.
  package let alignment: Int
  /// Bytes that no arena exceeds.
  package let maxAllocation: Int

  package init(alignment: Int, maxAllocation: Int) {
    precondition(alignment > 0 && maxAllocation > 0)
    self.alignment = alignment
    self.maxAllocation = maxAllocation
  }

  /// Places every request; throws when one alone is larger than an allocation may be.
  package func plan(_ requests: [Request]) throws(MemoryError) -> Result {
    var places = [Place?](repeating: nil, count: requests.count)
    var arenaBytes: [Int] = []
    let order = requests.indices.sorted {
      (requests[$0].bytes, $1) > (requests[$1].bytes, $0)
    }
    var placed: [[Int]] = []  // by arena, sorted by offset
    for index in order {
      let request = requests[index]
      guard request.bytes <= maxAllocation else {
        throw MemoryError(
          needed: request.bytes, available: maxAllocation,
          what: "the tensor '\(request.name)' in one allocation")
      }
      var arena = 0
      while places[index] == nil {
        if arena == arenaBytes.count {
          arenaBytes.append(0)
          placed.append([])
        }
        var offset = 0
        for other in placed[arena] where requests[other].lifetime.overlaps(request.lifetime) {
          guard let start = places[other]?.offset else { continue }
          if start >= offset + request.bytes { break }
          offset = max(offset, aligned(start + requests[other].bytes))
        }
        if offset + request.bytes <= maxAllocation {
          places[index] = Place(arena: arena, offset: offset)
          arenaBytes[arena] = max(arenaBytes[arena], offset + request.bytes)
          let position =
            placed[arena].firstIndex { (places[$0]?.offset ?? 0) > offset } ?? placed[arena].count
          placed[arena].insert(index, at: position)
        }
        arena += 1
      }
    }
    return Result(places: places.compactMap { $0 }, arenaBytes: arenaBytes)
  }

  private func aligned(_ bytes: Int) -> Int { (bytes + alignment - 1) / alignment * alignment }
}

/// A plan that the device's memory does not hold.
public struct MemoryError: Error, Sendable, CustomStringConvertible {
  /// Bytes that are needed.
  public let needed: Int
  /// Bytes that there are.
  public let available: Int
  let what: String

  /// What needs how much, and what there is.
  public var description: String {
    "\(what) needs \(megabytes(needed)), the device has \(megabytes(available))"
  }

  private func megabytes(_ bytes: Int) -> String { "\((bytes + (1 << 20) - 1) >> 20) MiB" }
}
