import CCLBlast
import COpenCL

/// Matrix products by CLBlast.
package enum BLAS {
  package enum Transpose: Hashable, Sendable { case no, yes }

  /// Sizes and layout of C = alpha·op(A)·op(B) + beta·C, all row-major, on whole buffers.
  package struct Product: Hashable, Sendable {
    package var m: Int
    package var n: Int
    package var k: Int
    package var transposeA = Transpose.no
    package var transposeB = Transpose.no
    package var alpha: Float = 1
    package var beta: Float = 0

    package init(
      m: Int, n: Int, k: Int, transposeA: Transpose = .no, transposeB: Transpose = .no,
      alpha: Float = 1, beta: Float = 0
    ) {
      self.m = m
      self.n = n
      self.k = k
      self.transposeA = transposeA
      self.transposeB = transposeB
      self.alpha = alpha
      self.beta = beta
    }

    var leadingA: Int { transposeA == .no ? k : m }
    var leadingB: Int { transposeB == .no ? n : k }
  }

  /// Enqueues C = alpha·op(A)·op(B) + beta·C.
  ///
  /// A is [m, k], or [k, m] when transposed; B [k, n] or [n, k]; C [m, n].
  package static func multiply(
    _ product: Product, _ a: Buffer<Float>, _ b: Buffer<Float>, into c: Buffer<Float>,
    on queue: Queue, name: String
  ) throws(CLError) {
    precondition(a.count >= product.m * product.k && b.count >= product.k * product.n)
    precondition(c.count >= product.m * product.n)
    var rawQueue: cl_command_queue? = queue.raw
    var event: cl_event?
    let status = withUnsafeMutablePointer(to: &event) { event in
      CLBlastSgemm(
        CLBlastLayoutRowMajor, product.transposeA.constant, product.transposeB.constant, product.m,
        product.n, product.k, product.alpha, a.raw, 0, product.leadingA, b.raw, 0,
        product.leadingB, product.beta, c.raw, 0, product.n, &rawQueue,
        queue.recorder == nil ? nil : event)
    }
    guard status == CLBlastSuccess else {
      throw CLError(
        code: cl_int(status.rawValue), function: "CLBlastSgemm of \(name)",
        detail: "m \(product.m), n \(product.n), k \(product.k)")
    }
    if let event {
      queue.recorder?.record(Event(raw: event, name: name, ledger: queue.context.ledger))
    }
  }
}

extension BLAS.Transpose {
  fileprivate var constant: CLBlastTranspose {
    self == .no ? CLBlastTransposeNo : CLBlastTransposeYes
  }
}
