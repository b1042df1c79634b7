import Autotuner
import DeviceRuntime

/// CLBlast's matrix products, by themselves: what its parameters are tuned on.
///
/// No network has this operation. Convolutions and linear layers have products in their plans, and
/// the result of the one problem `networks` holds for all of these on a device: CLBlast changes its
/// parameters too slowly to have others for each size.
package enum MatrixProduct: TunableOperation {
  /// Several products, one after the other.
  package struct Problem: Hashable, Codable, Sendable, CustomStringConvertible {
    package var products: [Size]

    /// The kinds of products that convolutions have, in the sizes of a Wide ResNet of width 4, with
    /// as many operations each.
    package static let networks = Problem(products: [
      // Over the columns of an image: forward, backward filter, backward data.
      Size(m: 8192, n: 64, k: 576), Size(m: 576, n: 64, k: 8192, transposeA: true),
      Size(m: 8192, n: 576, k: 64, transposeB: true),
      // Between Winograd's transforms.
      Size(m: 512, n: 128, k: 128, count: 36),
    ])

    /// The same kinds with whole and partial tiles of every candidate, quick to check.
    static let small = Problem(products: [
      Size(m: 150, n: 70, k: 45), Size(m: 70, n: 131, k: 66, transposeA: true),
      Size(m: 66, n: 70, k: 150, transposeB: true), Size(m: 140, n: 34, k: 20, count: 3),
    ])

    package var description: String {
      products.map(\.description).joined(separator: " ")
    }
  }

  /// C = op(A)·op(B) with an [m, k] and a [k, n] matrix, `count` times.
  package struct Size: Hashable, Codable, Sendable, CustomStringConvertible {
    package var m: Int
    package var n: Int
    package var k: Int
    /// Whether A lies there as [k, m], and B as [n, k].
    package var transposeA = false
    package var transposeB = false
    package var count = 1

    package var description: String {
      "\(count == 1 ? "" : "\(count)*")\(m)x\(n)x\(k)\(transposeA ? "ta" : "")\(transposeB ? "tb" : "")"
    }

    fileprivate func product(_ parameters: BLAS.Parameters) -> BLAS.Product {
      var product = BLAS.Product(
        m: m, n: n, k: k, transposeA: transposeA ? .yes : .no, transposeB: transposeB ? .yes : .no)
      if count > 1 {
        product.batch = BLAS.Batch(count: count, strideA: m * k, strideB: k * n, strideC: m * n)
      }
      product.parameters = parameters
      return product
    }
  }

  package typealias Configuration = BLAS.Parameters

  package static var name: String { "matrix_product" }

  /// One product: a test builds CLBlast's program anew for each candidate.
  package static var exampleProblems: [Problem] {
    [Problem(products: [Size(m: 70, n: 131, k: 66, transposeA: true)])]
  }

  package static func checkProblem(for problem: Problem) -> Problem { .small }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    problem.products.enumerated().flatMap { index, size in
      [
        TensorArgument("a\(index)", .input, count: size.count * size.m * size.k),
        TensorArgument("b\(index)", .input, count: size.count * size.k * size.n),
        TensorArgument("c\(index)", .output, count: size.count * size.m * size.n),
      ]
    }
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    OperationPlan(
      launches: problem.products.enumerated().map { index, size in
        .product(size.product(configuration), a: "a\(index)", b: "b\(index)", c: "c\(index)")
      })
  }

  package static func cost(_ problem: Problem) -> Cost {
    problem.products.reduce(into: Cost(flops: 0, bytes: 0)) { cost, size in
      let (m, n, k, count) = (Double(size.m), Double(size.n), Double(size.k), Double(size.count))
      cost.flops += 2 * count * m * n * k
      cost.bytes += 4 * count * (m * k + k * n + m * n)
    }
  }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    problem.products.enumerated().map { index, size in
      let (a, b) = (inputs[2 * index], inputs[2 * index + 1])
      return ReferenceOutput([size.count, size.m, size.n], terms: size.k) {
        let (place, column) = $0.quotientAndRemainder(dividingBy: size.n)
        let (number, row) = place.quotientAndRemainder(dividingBy: size.m)
        let (startA, startB) = (number * size.m * size.k, number * size.k * size.n)
        return sumOfProducts(size.k) {
          (
            a[startA + (size.transposeA ? $0 * size.m + row : row * size.k + $0)],
            b[startB + (size.transposeB ? column * size.k + $0 : $0 * size.n + column)]
          )
        }
      }
    }
  }
}

extension ConfigurationChooser {
  /// How CLBlast computes the products of a network on a device.
  package func productParameters(on device: DeviceInfo) -> BLAS.Parameters {
    configuration(for: MatrixProduct.self, .networks, on: device)
  }
}
