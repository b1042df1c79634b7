/// How far something is that comes once before a run's first step, and may take long.
package struct Preparation: Sendable {
  package enum Work: Sendable {
    /// Programs are built.
    case compiling
    /// Operations are compared with their references, for which the driver compiles their kernels.
    case checking
  }

  package var work: Work
  /// How many are done.
  package var done: Int
  /// How many there are.
  package var count: Int

  package init(_ work: Work, done: Int, of count: Int) {
    self.work = work
    self.done = done
    self.count = count
  }
}
