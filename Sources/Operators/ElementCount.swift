/// The problem of an operation that takes the elements of its buffers one for one.
package struct ElementCount: Hashable, Codable, Sendable, CustomStringConvertible {
  package var count: Int

  package init(count: Int) {
    precondition(count > 0, "an operation on \(count) elements")
    self.count = count
  }

  package var description: String { "\(count)" }
}
