/// A launch range: work-items in all, and in a group, in three dimensions.
package struct NDRange: Hashable, Sendable {
  package struct Size: Hashable, Codable, Sendable {
    package var x: Int
    package var y: Int
    package var z: Int

    package init(_ x: Int, _ y: Int = 1, _ z: Int = 1) {
      self.x = x
      self.y = y
      self.z = z
    }

    package var product: Int { x * y * z }
  }

  package var global: Size
  package var local: Size

  /// `groups` work-groups of `local` work-items in each dimension.
  package init(groups: Size, local: Size = Size(1)) {
    global = Size(groups.x * local.x, groups.y * local.y, groups.z * local.z)
    self.local = local
  }
}

/// How many pieces of `size` cover `count`.
package func ceilDivide(_ count: Int, _ size: Int) -> Int { (count + size - 1) / size }
