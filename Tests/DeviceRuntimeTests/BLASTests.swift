import COpenCL
import CreatedBuffers
import TestSupport
import Testing

@testable import DeviceRuntime

@Suite struct BLASTests {
  private let context: Context
  private let queue: Queue

  init() throws {
    let test = try TestDevice()
    context = test.context
    queue = test.queue
  }

  /// Small integers: every partial sum is exact, in any order.
  private func integers(_ count: Int, seed: Int) -> [Float] {
    (0..<count).map { Float(($0 * 7 + seed * 3 + $0 / 5) % 9 - 4) }
  }

  private func makeBuffer(_ values: [Float]) throws -> Buffer<Float> {
    let buffer = try context.makeBuffer(Float.self, count: values.count)
    try buffer.write(values, on: queue)
    return buffer
  }

  private func expected(
    _ product: BLAS.Product, _ a: [Float], _ b: [Float], _ c: [Float], row: Int, column: Int
  ) -> Double {
    var sum = 0.0
    for k in 0..<product.k {
      let left = product.transposeA == .no ? a[row * product.k + k] : a[k * product.m + row]
      let right = product.transposeB == .no ? b[k * product.n + column] : b[column * product.k + k]
      sum += Double(left) * Double(right)
    }
    let old = Double(c[row * product.n + column])
    return Double(product.alpha) * sum + (product.beta == 0 ? 0 : Double(product.beta) * old)
  }

  @Test(
    arguments: [BLAS.Transpose.no, .yes], [BLAS.Transpose.no, .yes])
  func everyTransposeAndSize(_ transposeA: BLAS.Transpose, _ transposeB: BLAS.Transpose) throws {
    for (m, n, k) in [(1, 1, 1), (3, 5, 7), (16, 10, 33), (37, 1, 64), (1, 100, 5), (31, 29, 41)] {
      for (alpha, beta): (Float, Float) in [(1, 0), (1, 1), (2, -1)] {
        let product = BLAS.Product(
          m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB, alpha: alpha,
          beta: beta)
        let a = integers(m * k, seed: 1)
        let b = integers(k * n, seed: 2)
        let guardValue: Float = 1234
        // A product with beta = 0 may not read C: a NaN would stay.
        let c = beta == 0 ? [Float](repeating: .nan, count: m * n) : integers(m * n, seed: 3)
        let result = try makeBuffer(c + [guardValue])
        try BLAS.multiply(
          product, makeBuffer(a), makeBuffer(b), into: result, on: queue, name: "test")
        let values = try result.read(on: queue)
        for row in 0..<m {
          for column in 0..<n {
            #expect(
              Double(values[row * n + column])
                == expected(product, a, b, c, row: row, column: column),
              "\(product) at \(row), \(column)")
          }
        }
        #expect(values[m * n] == guardValue)
      }
    }
  }

  /// Padded planes as between Winograd's transforms; what lies between products stays.
  @Test(arguments: [BLAS.Transpose.no, .yes], [Float(0), 1])
  func batchOfProducts(_ transposeA: BLAS.Transpose, _ beta: Float) throws {
    for (m, n, k) in [(1, 1, 1), (3, 5, 7), (16, 10, 33), (130, 70, 90)] {
      let gap = 16
      let batch = BLAS.Batch(
        count: 5, strideA: m * k + gap, strideB: k * n, strideC: m * n + gap)
      let product = BLAS.Product(m: m, n: n, k: k, transposeA: transposeA, beta: beta, batch: batch)
      let a = integers(batch.count * batch.strideA, seed: 1)
      let b = integers(batch.count * batch.strideB, seed: 2)
      var c = integers(batch.count * batch.strideC, seed: 3)
      if beta == 0 {
        for index in c.indices where index % batch.strideC < m * n { c[index] = .nan }
      }
      let result = try makeBuffer(c)
      try BLAS.multiply(
        product, makeBuffer(a), makeBuffer(b), into: result, on: queue, name: "test")
      let values = try result.read(on: queue)
      for index in values.indices {
        let (number, at) = index.quotientAndRemainder(dividingBy: batch.strideC)
        guard at < m * n else {
          if values[index] != c[index] { Issue.record("between products at \(index)") }
          continue
        }
        guard index % max(1, m * n / 97) == 0 else { continue }
        let left = Array(a[(number * batch.strideA)...].prefix(m * k))
        let right = Array(b[(number * batch.strideB)...].prefix(k * n))
        let old = Array(c[(number * batch.strideC)...].prefix(m * n))
        let sum = expected(product, left, right, old, row: at / n, column: at % n)
        #expect(Double(values[index]) == sum, "\(product) at \(number), \(at)")
      }
    }
  }

  /// CLBlast takes no memory for its copies of a batch's matrices, and reads on from one to the next
  /// where they need no copies.
  @Test(
    "a batch that CLBlast would copy goes as its products, with gaps and in no buffer of its own")
  func copiedBatch() throws {
    let gap = 16
    let (m, n, k) = (32, 16, 16)
    let batch = BLAS.Batch(
      count: 3, strideA: m * k + gap, strideB: k * n + gap, strideC: m * n + gap)
    var product = BLAS.Product(m: m, n: n, k: k, transposeA: .yes, batch: batch)
    product.parameters = .padded(
      BLAS.Parameters.Padded(
        tileM: 16, tileN: 8, tileK: 4, wgM: 2, wgN: 1, vecM: 8, vecN: 4, usesLocal: false))
    let a = integers(batch.count * batch.strideA, seed: 1)
    let b = integers(batch.count * batch.strideB, seed: 2)
    let c = integers(batch.count * batch.strideC, seed: 3)
    let (bufferA, bufferB, result) = (try makeBuffer(a), try makeBuffer(b), try makeBuffer(c))
    let calls = try BLAS.calls(product, on: context.device)
    #expect(calls.count == batch.count && calls.allSatisfy { $0.batch == nil })
    let bytes = try calls.map { try BLAS.temporaryBytes($0, on: queue) }.max() ?? 0
    #expect(bytes > 0)
    let temporary = try bytes > 0 ? context.makeBuffer(UInt8.self, count: bytes) : nil
    let created = created_buffers()
    for call in calls {
      try BLAS.multiply(
        call, bufferA, bufferB, into: result, temporary: temporary, on: queue, name: "test")
    }
    #expect(created_buffers() == created)
    let values = try result.read(on: queue)
    for index in values.indices {
      let (number, at) = index.quotientAndRemainder(dividingBy: batch.strideC)
      let (left, right) = (
        Array(a[(number * batch.strideA)...]), Array(b[(number * batch.strideB)...])
      )
      let value =
        at < m * n
        ? expected(
          product, left, right, Array(c[(number * batch.strideC)...]), row: at / n, column: at % n)
        : Double(c[index])
      try #require(Double(values[index]) == value, "at \(number), \(at)")
    }
    product.parameters = .own
    #expect(
      try BLAS.calls(product, on: context.device) == [product], "small enough for XgemmDirect")
  }

  @Test func batchThatDoesNotFit() throws {
    let eight = try makeBuffer([Float](repeating: 1, count: 8))
    let seven = try makeBuffer([Float](repeating: 1, count: 7))
    var product = BLAS.Product(m: 2, n: 2, k: 2)
    product.batch = BLAS.Batch(count: 2, strideA: 4, strideB: 4, strideC: 4)
    for (a, b, c, name) in [
      (seven, eight, eight, "A"), (eight, seven, eight, "B"), (eight, eight, seven, "C"),
    ] {
      let error = #expect(throws: CLError.self) {
        try BLAS.multiply(product, a, b, into: c, on: queue, name: "fc")
      }
      #expect(error?.detail == "\(name) has 7 elements, expected 8")
    }
    product.batch = BLAS.Batch(count: 0, strideA: 4, strideB: 4, strideC: 4)
    #expect(throws: CLError.self) {
      try BLAS.multiply(product, eight, eight, into: eight, on: queue, name: "fc")
    }
  }

  /// Large products go another way through CLBlast, with a temporary buffer.
  @Test func largeProductInTheCallersTemporaryBuffer() throws {
    var product = BLAS.Product(m: 130, n: 70, k: 90, transposeA: .yes)
    while try BLAS.temporaryBytes(product, on: queue) == 0, product.m < 2000 {
      product.m += 113
      product.n += 101
      product.k += 107
    }
    let bytes = try BLAS.temporaryBytes(product, on: queue)
    try #require(bytes > 0)
    let a = integers(product.m * product.k, seed: 1)
    let b = integers(product.k * product.n, seed: 2)
    let zero = [Float](repeating: .nan, count: product.m * product.n)
    let (bufferA, bufferB) = (try makeBuffer(a), try makeBuffer(b))
    let own = try makeBuffer(zero)
    let given = try makeBuffer(zero)
    let temporary = try context.makeBuffer(UInt8.self, count: bytes)
    let before = (context.peakBytes, created_buffers())
    try BLAS.multiply(
      product, bufferA, bufferB, into: given, temporary: temporary, on: queue, name: "given")
    #expect(created_buffers() == before.1)
    try BLAS.multiply(product, bufferA, bufferB, into: own, on: queue, name: "own")
    #expect(created_buffers() == before.1 + 1, "what the context does not count")
    let values = try given.read(on: queue)
    #expect(try own.read(on: queue) == values)
    #expect(context.peakBytes == before.0)
    for index in stride(from: 0, to: product.m * product.n, by: product.m * product.n / 97) {
      let (row, column) = (index / product.n, index % product.n)
      #expect(
        Double(values[index]) == expected(product, a, b, zero, row: row, column: column),
        "at \(row), \(column)")
    }
    let small = try context.makeBuffer(UInt8.self, count: bytes - 4, hasSpareBytes: false)
    let error = #expect(throws: CLError.self) {
      try BLAS.multiply(
        product, bufferA, bufferB, into: given, temporary: small, on: queue, name: "small")
    }
    #expect(error?.name == "CLBlastInsufficientMemoryTemp")
  }

  @Test func operandThatIsTooSmall() throws {
    let six = try makeBuffer([Float](repeating: 1, count: 6))
    let four = try makeBuffer([Float](repeating: 1, count: 4))
    let product = BLAS.Product(m: 2, n: 2, k: 3)
    for (a, b, c, detail) in [
      (four, six, four, "A has 4 elements, expected 6"),
      (six, four, four, "B has 4 elements, expected 6"),
    ] {
      let error = #expect(throws: CLError.self) {
        try BLAS.multiply(product, a, b, into: c, on: queue, name: "fc")
      }
      #expect(error?.function == "product fc")
      #expect(error?.detail == detail)
    }
    let wide = BLAS.Product(m: 3, n: 3, k: 1)
    let error = #expect(throws: CLError.self) {
      try BLAS.multiply(wide, four, four, into: six, on: queue, name: "fc")
    }
    #expect(error?.detail == "C has 6 elements, expected 9")
    #expect(throws: CLError.self) {
      try BLAS.multiply(
        BLAS.Product(m: 0, n: 1, k: 1), six, six, into: six, on: queue, name: "fc")
    }
  }

  @Test func productIsRecordedUnderItsName() throws {
    let four = try makeBuffer([1, 2, 3, 4])
    let result = try makeBuffer([0, 0, 0, 0])
    let recorder = EventRecorder()
    queue.recorder = recorder
    try BLAS.multiply(
      BLAS.Product(m: 2, n: 2, k: 2), four, four, into: result, on: queue, name: "fc.forward")
    try queue.finish()
    #expect(try recorder.summary().map(\.name) == ["fc.forward"])
    #expect(try result.read(on: queue) == [7, 10, 15, 22])
  }
}
