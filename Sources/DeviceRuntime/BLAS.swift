import CCLBlast
import CLBlastParameters
import COpenCL
import Glibc
import Synchronization

/// Matrix products by CLBlast.
package enum BLAS {
  // CLBlast 1.5 fills its table of devices at the first call without a lock of its own: two
  // threads at once there crash. Its parameters are the process's, so that setting them and the
  // call that uses them are one.
  private static let library = Mutex(Library())

  package enum Transpose: Hashable, Sendable { case no, yes }

  /// Several products of one size in one call, their matrices in the same three buffers.
  package struct Batch: Hashable, Sendable {
    package var count: Int
    /// Floats from the beginning of one product's matrix to the next's.
    package var strideA: Int
    package var strideB: Int
    package var strideC: Int

    package init(count: Int, strideA: Int, strideB: Int, strideC: Int) {
      self.count = count
      self.strideA = strideA
      self.strideB = strideB
      self.strideC = strideC
    }
  }

  /// Sizes and layout of C = alpha·op(A)·op(B) + beta·C, all row-major.
  package struct Product: Hashable, Sendable {
    package var m: Int
    package var n: Int
    package var k: Int
    package var transposeA = Transpose.no
    package var transposeB = Transpose.no
    package var alpha: Float = 1
    package var beta: Float = 0
    /// Floats from the beginning of a buffer to that of its matrix, or of its first.
    package var offsetA = 0
    package var offsetB = 0
    package var offsetC = 0
    /// nil for one product.
    package var batch: Batch?
    /// nil leaves them to whoever runs a plan with this product, else to CLBlast.
    package var parameters: Parameters?

    package init(
      m: Int, n: Int, k: Int, transposeA: Transpose = .no, transposeB: Transpose = .no,
      alpha: Float = 1, beta: Float = 0, batch: Batch? = nil
    ) {
      self.m = m
      self.n = n
      self.k = k
      self.transposeA = transposeA
      self.transposeB = transposeB
      self.alpha = alpha
      self.beta = beta
      self.batch = batch
    }

    var leadingA: Int { transposeA == .no ? k : m }
    var leadingB: Int { transposeB == .no ? n : k }

    /// Floats that a buffer needs for matrices of `count` behind `offset`, `stride` apart.
    fileprivate func needed(_ count: Int, offset: Int, stride: Int?) -> Int {
      offset + max(0, (batch?.count ?? 1) - 1) * (stride ?? 0) + count
    }

    /// The product of a batch with this number.
    fileprivate func single(_ number: Int, of batch: Batch) -> Product {
      var single = self
      single.batch = nil
      single.offsetA += number * batch.strideA
      single.offsetB += number * batch.strideB
      single.offsetC += number * batch.strideC
      return single
    }
  }

  /// The products that compute `product` in turn without a buffer of CLBlast's own: itself, or the
  /// products of a batch one by one.
  ///
  /// CLBlast 1.5 copies the matrices of a batch for its kernel `Xgemm` into buffers that it allocates
  /// in each call, and where these are whole tiles takes no notice of what lies between them. Its
  /// kernel `XgemmDirect` does neither; the size of one product decides.
  package static func calls(_ product: Product, on device: Device) throws(CLError) -> [Product] {
    guard let batch = product.batch else { return [product] }
    let values = try values(of: .routine, with: product.parameters ?? .own, on: device)
    let least = Double(values["XGEMM_MIN_INDIRECT_SIZE"] ?? 0)
    guard Double(product.m) * Double(product.n) * Double(product.k) >= least * least * least else {
      return [product]
    }
    return (0..<batch.count).map { product.single($0, of: batch) }
  }

  /// The size of the temporary buffer that `product`, one of `calls(_:on:)`, needs; 0 where it needs
  /// none.
  package static func temporaryBytes(_ product: Product, on queue: Queue) throws(CLError) -> Int {
    guard product.batch == nil else { return 0 }
    var rawQueue: cl_command_queue? = queue.raw
    var bytes = 0
    let status = try library.withLock { library throws(CLError) in
      try library.use(product.parameters ?? .own, on: queue.context.device)
      return CLBlastSGemmTempBufferSize(
        CLBlastLayoutRowMajor, product.transposeA.constant, product.transposeB.constant, product.m,
        product.n, product.k, product.offsetA, product.leadingA, product.offsetB, product.leadingB,
        product.offsetC, product.n, &rawQueue, &bytes)
    }
    try check(status, of: product, "CLBlastSGemmTempBufferSize")
    return bytes
  }

  /// Enqueues C = alpha·op(A)·op(B) + beta·C.
  ///
  /// A is [m, k], or [k, m] when transposed; B [k, n] or [n, k]; C [m, n]; a batch has many of each
  /// and its products may not overlap in C. `temporary` has at least `temporaryBytes(_:on:)` and
  /// belongs to the product until it is done. Without it, and for what is not one of
  /// `calls(_:on:)`, CLBlast may allocate buffers in the call, which no accounting sees.
  ///
  /// The recorded event is that of CLBlast's last kernel: large products also have kernels that
  /// copy and pad, before it and outside of its time.
  package static func multiply(
    _ product: Product, _ a: Buffer<Float>, _ b: Buffer<Float>, into c: Buffer<Float>,
    temporary: (any DeviceBuffer)? = nil, on queue: Queue, name: String
  ) throws(CLError) {
    for (operand, count, needed) in [
      (
        "A", a.count,
        product.needed(
          product.m * product.k, offset: product.offsetA, stride: product.batch?.strideA)
      ),
      (
        "B", b.count,
        product.needed(
          product.k * product.n, offset: product.offsetB, stride: product.batch?.strideB)
      ),
      (
        "C", c.count,
        product.needed(
          product.m * product.n, offset: product.offsetC, stride: product.batch?.strideC)
      ),
    ] where count < needed {
      throw CLError(
        code: CL_INVALID_VALUE, function: "product \(name)",
        detail: "\(operand) has \(count) elements, expected \(needed)")
    }
    var rawQueue: cl_command_queue? = queue.raw
    var event: cl_event?
    let wantsEvent = queue.recorder != nil
    let status = try library.withLock { library throws(CLError) in
      try library.use(product.parameters ?? .own, on: queue.context.device)
      return withUnsafeMutablePointer(to: &event) { event in
        if let batch = product.batch {
          return CLBlastSgemmStridedBatched(
            CLBlastLayoutRowMajor, product.transposeA.constant, product.transposeB.constant,
            product.m, product.n, product.k, product.alpha, a.raw, product.offsetA,
            product.leadingA, batch.strideA, b.raw, product.offsetB, product.leadingB,
            batch.strideB, product.beta, c.raw, product.offsetC, product.n, batch.strideC,
            batch.count, &rawQueue, wantsEvent ? event : nil)
        }
        return CLBlastSgemmWithTempBuffer(
          CLBlastLayoutRowMajor, product.transposeA.constant, product.transposeB.constant,
          product.m, product.n, product.k, product.alpha, a.raw, product.offsetA,
          product.leadingA, b.raw, product.offsetB, product.leadingB, product.beta, c.raw,
          product.offsetC, product.n, &rawQueue, wantsEvent ? event : nil, temporary?.raw)
      }
    }
    try check(status, of: product, "CLBlastSgemm of \(name)")
    if let event {
      queue.recorder?.record(Event(raw: event, name: name, ledger: queue.context.ledger))
    }
  }

  /// A number that changes with the library that is loaded: its file, size and time.
  package static let libraryDigest: UInt64 = {
    guard let path = clblast_path() else { return 0 }
    var status = stat()
    stat(path, &status)
    return fnv1a("\(String(cString: path)) \(status.st_size) \(status.st_mtim.tv_sec)".utf8)
  }()

  /// The values that CLBlast itself says it uses for a target with `parameters`, by its names.
  package static func values(
    of target: Parameters.Target, with parameters: Parameters, on device: Device
  ) throws(CLError) -> [String: Int] {
    try library.withLock { library throws(CLError) in
      try library.use(parameters, on: device)
      return try target.read(device)
    }
  }

  private static func check(
    _ status: CLBlastStatusCode, of product: Product, _ function: @autoclosure () -> String
  ) throws(CLError) {
    guard status != CLBlastSuccess else { return }
    throw CLError(
      code: cl_int(status.rawValue), function: function(),
      detail: "m \(product.m), n \(product.n), k \(product.k)"
        + (product.batch.map { ", \($0.count) products" } ?? "")
        + (product.parameters.map { ", parameters \($0)" } ?? ""))
  }
}

/// The parameters that CLBlast uses, device by device.
private struct Library {
  private struct DeviceState {
    /// From before the first change: CLBlast cannot be asked for them afterwards.
    var own: [BLAS.Parameters.Target: [String: Int]] = [:]
    /// nil after a change that failed.
    var inUse: BLAS.Parameters?
  }

  private var devices: [UInt: DeviceState] = [:]

  /// Lets CLBlast use `parameters` on a device from its next call on.
  ///
  /// Its programs are built for their parameters: the next product builds those that are missing.
  mutating func use(_ parameters: BLAS.Parameters, on device: Device) throws(CLError) {
    let key = UInt(bitPattern: device.raw)
    if devices[key] == nil && parameters == .own || devices[key]?.inUse == parameters { return }
    if let fault = parameters.fault {
      throw CLError(
        code: CL_INVALID_VALUE, function: "CLBlast's parameters \(parameters)", detail: fault)
    }
    var state = devices[key] ?? DeviceState()
    for target in BLAS.Parameters.Target.allCases where state.own[target] == nil {
      state.own[target] = try target.read(device)
    }
    state.inUse = nil
    devices[key] = state
    for target in BLAS.Parameters.Target.allCases {
      try target.write(parameters.values(of: target) ?? state.own[target] ?? [:], device)
    }
    devices[key]?.inUse = parameters
  }
}

extension BLAS.Transpose {
  fileprivate var constant: CLBlastTranspose {
    self == .no ? CLBlastTransposeNo : CLBlastTransposeYes
  }
}
