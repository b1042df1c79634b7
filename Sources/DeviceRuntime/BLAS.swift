import CCLBlast
import COpenCL
import Synchronization

/// Matrix products by CLBlast.
package enum BLAS {
  // CLBlast 1.5 fills its table of devices at the first call without a lock of its own: two
  // threads at once there crash.
  private static let calls = Mutex(())

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

  /// The size of the temporary buffer that `product` needs, 0 where it needs none.
  ///
  /// It depends on the parameters that CLBlast uses: ask again after overriding them.
  package static func temporaryBytes(_ product: Product, on queue: Queue) throws(CLError) -> Int {
    var rawQueue: cl_command_queue? = queue.raw
    var bytes = 0
    let status = calls.withLock { _ in
      CLBlastSGemmTempBufferSize(
        CLBlastLayoutRowMajor, product.transposeA.constant, product.transposeB.constant, product.m,
        product.n, product.k, 0, product.leadingA, 0, product.leadingB, 0, product.n, &rawQueue,
        &bytes)
    }
    try check(status, of: product, "CLBlastSGemmTempBufferSize")
    return bytes
  }

  /// Enqueues C = alpha·op(A)·op(B) + beta·C.
  ///
  /// A is [m, k], or [k, m] when transposed; B [k, n] or [n, k]; C [m, n]. `temporary` has at
  /// least `temporaryBytes(_:on:)` and belongs to the product until it is done. Without it
  /// CLBlast allocates a buffer in every call that needs one, which no accounting sees.
  ///
  /// The recorded event is that of CLBlast's last kernel: large products also have kernels that
  /// copy and pad, before it and outside of its time.
  package static func multiply(
    _ product: Product, _ a: Buffer<Float>, _ b: Buffer<Float>, into c: Buffer<Float>,
    temporary: (any DeviceBuffer)? = nil, on queue: Queue, name: String
  ) throws(CLError) {
    for (operand, count, needed) in [
      ("A", a.count, product.m * product.k), ("B", b.count, product.k * product.n),
      ("C", c.count, product.m * product.n),
    ] where count < needed {
      throw CLError(
        code: CL_INVALID_VALUE, function: "product \(name)",
        detail: "\(operand) has \(count) elements, expected \(needed)")
    }
    var rawQueue: cl_command_queue? = queue.raw
    var event: cl_event?
    let wantsEvent = queue.recorder != nil
    let status = calls.withLock { _ in
      withUnsafeMutablePointer(to: &event) { event in
        CLBlastSgemmWithTempBuffer(
          CLBlastLayoutRowMajor, product.transposeA.constant, product.transposeB.constant,
          product.m, product.n, product.k, product.alpha, a.raw, 0, product.leadingA, b.raw, 0,
          product.leadingB, product.beta, c.raw, 0, product.n, &rawQueue,
          wantsEvent ? event : nil, temporary?.raw)
      }
    }
    try check(status, of: product, "CLBlastSgemm of \(name)")
    if let event {
      queue.recorder?.record(Event(raw: event, name: name, ledger: queue.context.ledger))
    }
  }

  private static func check(
    _ status: CLBlastStatusCode, of product: Product, _ function: @autoclosure () -> String
  ) throws(CLError) {
    guard status != CLBlastSuccess else { return }
    throw CLError(
      code: cl_int(status.rawValue), function: function(),
      detail: "m \(product.m), n \(product.n), k \(product.k)")
  }
}

extension BLAS.Transpose {
  fileprivate var constant: CLBlastTranspose {
    self == .no ? CLBlastTransposeNo : CLBlastTransposeYes
  }
}
