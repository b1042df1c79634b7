import CCLBlast
import CLBlastParameters
import COpenCL
import Glibc

extension BLAS {
  /// Which of CLBlast's kernels computes products, and the parameters it is built with.
  ///
  /// CLBlast chooses both from a database of devices; on one that it does not know they are poor.
  package enum Parameters: Hashable, Codable, Sendable, CustomStringConvertible {
    /// What CLBlast's database says.
    case own
    /// `XgemmDirect` for products of every size.
    case direct(Direct)
    /// `Xgemm` for products of every size, with the kernels that pad and transpose for it.
    case padded(Padded)

    /// The parameters of `XgemmDirect`, which reads matrices as they are, through local memory.
    package struct Direct: Hashable, Codable, Sendable {
      /// Rows, columns and summands of a work-group's tile: WGD.
      package var tile: Int
      /// Work-items in a group: MDIMCD = MDIMAD and NDIMCD = NDIMBD.
      package var wgM: Int
      package var wgN: Int
      /// Floats in a vector of A and of B: VWMD and VWND.
      package var vecM: Int
      package var vecN: Int
      /// How far the inner loop is unrolled: KWID.
      package var unroll: Int

      package init(tile: Int, wgM: Int, wgN: Int, vecM: Int, vecN: Int, unroll: Int = 2) {
        self.tile = tile
        self.wgM = wgM
        self.wgN = wgN
        self.vecM = vecM
        self.vecN = vecN
        self.unroll = unroll
      }
    }

    /// The parameters of `Xgemm`, which wants matrices in whole tiles.
    ///
    /// Its other form, GEMMK 1, is left out: in CLBlast 1.5 batches of products are not padded for
    /// it.
    package struct Padded: Hashable, Codable, Sendable {
      /// A work-group's tile of the product and the summands it takes at once: MWG, NWG, KWG.
      package var tileM: Int
      package var tileN: Int
      package var tileK: Int
      /// Work-items in a group: MDIMC = MDIMA and NDIMC = NDIMB.
      package var wgM: Int
      package var wgN: Int
      /// Floats in a vector of A and C, and of B: VWM and VWN.
      package var vecM: Int
      package var vecN: Int
      /// Whether A and B go through local memory: SA = SB.
      package var usesLocal: Bool
      /// How far the inner loop is unrolled: KWI.
      package var unroll: Int

      package init(
        tileM: Int, tileN: Int, tileK: Int, wgM: Int, wgN: Int, vecM: Int, vecN: Int,
        usesLocal: Bool, unroll: Int = 2
      ) {
        self.tileM = tileM
        self.tileN = tileN
        self.tileK = tileK
        self.wgM = wgM
        self.wgN = wgN
        self.vecM = vecM
        self.vecN = vecN
        self.usesLocal = usesLocal
        self.unroll = unroll
      }
    }

    package var description: String {
      switch self {
      case .own: "own"
      case .direct(let p):
        "direct_t\(p.tile)_wg\(p.wgM)x\(p.wgN)_v\(p.vecM)x\(p.vecN)_u\(p.unroll)"
      case .padded(let p):
        "padded_m\(p.tileM)_n\(p.tileN)_k\(p.tileK)_wg\(p.wgM)x\(p.wgN)_v\(p.vecM)x\(p.vecN)"
          + "_local\(p.usesLocal ? 1 : 0)_u\(p.unroll)"
      }
    }
  }
}

// MARK: - What is valid

extension BLAS.Parameters {
  /// Why no kernel can be built with these, nil where one can: the constraints of CLBlast's tuners.
  package var fault: String? {
    let (sizes, multiples): ([Int], [(Int, of: Int, what: String)])
    switch self {
    case .own: return nil
    case .direct(let p):
      sizes = [p.tile, p.wgM, p.wgN, p.vecM, p.vecN, p.unroll]
      multiples = [
        (p.tile, p.unroll, "the tile is no multiple of the unrolling"),
        (p.tile, p.wgM &* p.vecM, "the tile is no multiple of wgM x vecM"),
        (p.tile, p.wgN &* p.vecN, "the tile is no multiple of wgN x vecN"),
      ]
    case .padded(let p):
      sizes = [p.tileM, p.tileN, p.tileK, p.wgM, p.wgN, p.vecM, p.vecN, p.unroll]
      multiples = [
        (p.tileK, p.unroll, "tileK is no multiple of the unrolling"),
        (p.tileM, p.wgM &* p.vecM, "tileM is no multiple of wgM x vecM"),
        (p.tileN, p.wgN &* p.vecN, "tileN is no multiple of wgN x vecN"),
        (p.tileK, p.wgM, "tileK is no multiple of wgM"),
        (p.tileK, p.wgN, "tileK is no multiple of wgN"),
      ]
    }
    guard sizes.allSatisfy((1...1024).contains) else { return "a size is not in 1...1024" }
    guard [1, 2, 4, 8, 16].contains(vectors.m), [1, 2, 4, 8, 16].contains(vectors.n) else {
      return "there are no vectors of that length"
    }
    return multiples.first { !$0.0.isMultiple(of: $0.of) }?.what
  }

  private var vectors: (m: Int, n: Int) {
    switch self {
    case .own: (1, 1)
    case .direct(let p): (p.vecM, p.vecN)
    case .padded(let p): (p.vecM, p.vecN)
    }
  }

  /// Whether a device's work-groups and local memory are large enough.
  package func fits(_ device: DeviceInfo) -> Bool {
    switch self {
    case .own: true
    case .direct(let p):
      p.wgM * p.wgN <= device.maxWorkGroup && 4 * 2 * p.tile * (p.tile + 1) <= device.localMemory
    case .padded(let p):
      p.wgM * p.wgN <= device.maxWorkGroup
        && (p.usesLocal ? 4 * p.tileK * (p.tileM + p.tileN) : 0) <= device.localMemory
    }
  }
}

// MARK: - CLBlast's names

extension BLAS.Parameters {
  /// A kernel, or a routine, with parameters in CLBlast's database.
  package enum Target: String, CaseIterable, Sendable {
    case direct = "XgemmDirect"
    case padded = "Xgemm"
    /// m·n·k from the cube of its one value on goes to `Xgemm`, less to `XgemmDirect`.
    case routine = "GemmRoutine"
  }

  /// The values that these parameters give a target, by CLBlast's names; nil for CLBlast's own.
  package func values(of target: Target) -> [String: Int]? {
    switch (self, target) {
    case (.direct(let p), .direct):
      [
        "WGD": p.tile, "MDIMCD": p.wgM, "NDIMCD": p.wgN, "MDIMAD": p.wgM, "NDIMBD": p.wgN,
        "KWID": p.unroll, "VWMD": p.vecM, "VWND": p.vecN, "PADA": 1, "PADB": 1,
      ]
    case (.padded(let p), .padded):
      [
        "GEMMK": 0, "KREG": 1, "MWG": p.tileM, "NWG": p.tileN, "KWG": p.tileK, "KWI": p.unroll,
        "MDIMC": p.wgM, "NDIMC": p.wgN, "MDIMA": p.wgM, "NDIMB": p.wgN, "VWM": p.vecM,
        "VWN": p.vecN, "STRM": 0, "STRN": 0, "SA": p.usesLocal ? 1 : 0, "SB": p.usesLocal ? 1 : 0,
      ]
    // The cube of 2^20 is more than any product has.
    case (.direct, .routine): ["XGEMM_MIN_INDIRECT_SIZE": 1 << 20]
    case (.padded, .routine): ["XGEMM_MIN_INDIRECT_SIZE": 0]
    case (.own, _), (.direct, .padded), (.padded, .direct): nil
    }
  }
}

extension BLAS.Parameters.Target {
  /// CLBlast's names of the parameters, the same whatever their values.
  private var names: [String] {
    let ones: BLAS.Parameters =
      self == .padded
      ? .padded(
        BLAS.Parameters.Padded(
          tileM: 1, tileN: 1, tileK: 1, wgM: 1, wgN: 1, vecM: 1, vecN: 1, usesLocal: false))
      : .direct(BLAS.Parameters.Direct(tile: 1, wgM: 1, wgN: 1, vecM: 1, vecN: 1))
    return (ones.values(of: self) ?? [:]).keys.sorted()
  }

  /// The values that CLBlast uses on a device at the moment.
  func read(_ device: Device) throws(CLError) -> [String: Int] {
    let names = names
    var values = [Int](repeating: 0, count: names.count)
    let status = withCStrings(names) {
      clblast_parameters(device.raw, rawValue, names.count, $0, &values)
    }
    try check(status, "reading CLBlast's parameters of \(rawValue)")
    return Dictionary(uniqueKeysWithValues: zip(names, values))
  }

  /// Lets CLBlast use `values` on a device from its next call on.
  func write(_ values: [String: Int], _ device: Device) throws(CLError) {
    let (names, numbers) = (Array(values.keys), Array(values.values))
    let status = withCStrings(names) {
      CLBlastOverrideParameters(
        device.raw, rawValue, CLBlastPrecisionSingle, numbers.count, $0, numbers)
    }
    try check(cl_int(status.rawValue), "CLBlastOverrideParameters of \(rawValue)")
  }
}

/// Calls `body` with `strings` as C has them.
private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafeMutablePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
  let copies = strings.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  var pointers = copies.map { UnsafePointer($0) }
  return body(&pointers)
}
