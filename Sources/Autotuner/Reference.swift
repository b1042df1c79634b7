import Dispatch

/// A tensor as a reference reads it.
///
/// In a check its values repeat with a period: a tensor of any size needs no memory of that size.
package struct ReferenceInput: Sendable {
  /// Values after which a longer tensor repeats: a prime, and none of a tensor's sizes, so that
  /// neighbours in any dimension differ.
  package static let period = 65_521

  private let values: [Double]

  /// A tensor with these values, again and again where it is longer than the period.
  package init(_ values: [Double]) { self.values = values }

  package subscript(_ index: Int) -> Double {
    values[values.count == ReferenceInput.period ? index % ReferenceInput.period : index]
  }

  /// The values that repeat.
  package var repeated: [Double] { values }
}

/// An output of a reference: any element of it, and how far a kernel may be from that.
package struct ReferenceOutput: Sendable {
  package typealias Element = (value: Double, tolerance: Double)

  /// Sizes of the dimensions, the slowest first.
  package var extents: [Int]
  /// Whether small-integer inputs must give exactly the values, as long as every partial sum has at
  /// most 24 bits.
  package var exactOnIntegers: Bool
  /// Numbers of the inputs that an element takes, about: what it costs to make one.
  package var terms: Int
  /// Whether each element is a sum over all pixels: all of them are compared, however many terms.
  package var sumsPixels: Bool
  private let make: @Sendable (Int) -> Element

  /// An output whose element at each index `element` makes, with the bound of the rounding error
  /// for random inputs.
  package init(
    _ extents: [Int], exactOnIntegers: Bool = true, terms: Int = 1, sumsPixels: Bool = false,
    element: @escaping @Sendable (Int) -> Element
  ) {
    self.extents = extents
    self.exactOnIntegers = exactOnIntegers
    self.terms = terms
    self.sumsPixels = sumsPixels
    make = element
  }

  /// An output of elements that are made already.
  package init(
    _ elements: [Element], exactOnIntegers: Bool = true, terms: Int = 1, sumsPixels: Bool = false
  ) {
    self.init(
      [elements.count], exactOnIntegers: exactOnIntegers, terms: terms, sumsPixels: sumsPixels
    ) { elements[$0] }
  }

  /// Elements.
  package var count: Int { extents.reduce(1, *) }

  package subscript(_ index: Int) -> Element { make(index) }

  /// The elements at these indices.
  package func elements(at indices: [Int]) -> ReferenceResult {
    let elements = concurrentMap(indices, terms: terms, make)
    return ReferenceResult(
      values: elements.map(\.value), tolerance: elements.map(\.tolerance),
      exactOnIntegers: exactOnIntegers)
  }

  /// All elements.
  package var whole: ReferenceResult { elements(at: Array(0..<count)) }
}

/// Elements of a reference's output and how far a kernel may be from each.
package struct ReferenceResult: Sendable {
  package var values: [Double]
  /// The bound of the rounding error for random inputs; with small integers the result is exact.
  package var tolerance: [Double]
  /// Whether small-integer inputs must give exactly `values`.
  package var exactOnIntegers: Bool

  package init(values: [Double], tolerance: [Double], exactOnIntegers: Bool = true) {
    self.values = values
    self.tolerance = tolerance
    self.exactOnIntegers = exactOnIntegers
  }
}

/// What `transform` makes of each item, on all processors where there is enough to do: `terms` is
/// about how many numbers it takes for one.
package func concurrentMap<Item: Sendable, Result: Sendable>(
  _ items: [Item], terms: Int, _ transform: @Sendable (Item) -> Result
) -> [Result] {
  let parts = min(64, items.count)
  guard items.count * terms > 1 << 14, parts > 1 else { return items.map(transform) }
  var results = [[Result]](repeating: [], count: parts)
  results.withUnsafeMutableBufferPointer { buffer in
    // Each part is written by one thread.
    nonisolated(unsafe) let results = buffer
    DispatchQueue.concurrentPerform(iterations: parts) { part in
      let (first, last) = (part * items.count / parts, (part + 1) * items.count / parts)
      results[part] = items[first..<last].map(transform)
    }
  }
  return Array(results.joined())
}

extension TunableOperation {
  /// The example's values of a tensor of any size.
  static func exampleValues(
    _ problem: Problem, _ tensor: TensorArgument, kind: ExampleKind,
    generator: inout ExampleGenerator
  ) -> ReferenceInput {
    var repeated = tensor
    repeated.count = min(tensor.count, ReferenceInput.period)
    let values = exampleInput(problem, repeated, kind: kind, generator: &generator)
    precondition(values.count == repeated.count, "\(name): example of \(tensor.name)")
    precondition(
      tensor.element != .float || values.allSatisfy { Double(Float($0)) == $0 },
      "\(name): \(tensor.name) is not exact in single precision")
    return ReferenceInput(values)
  }

  /// All of every output, from whole tensors, with the first example's scalars unless others are
  /// given.
  package static func reference(
    _ problem: Problem, _ inputs: [[Double]], scalars: DynamicScalars? = nil
  ) -> [ReferenceResult] {
    reference(
      problem, inputs.map { ReferenceInput($0) }, scalars ?? exampleScalars(problem)[0]
    ).map(\.whole)
  }
}
