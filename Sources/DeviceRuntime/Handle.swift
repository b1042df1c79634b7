import COpenCL

/// One reference to an OpenCL object, counted in the ledger and released at the end of its life.
struct Handle: ~Copyable, @unchecked Sendable {  // OpenCL objects are reference-counted atomically
  let raw: OpaquePointer
  private let kind: String
  private let ledger: HandleLedger
  private let release: (OpaquePointer?) -> cl_int

  /// Takes over the caller's reference to `raw`.
  init(
    adopting raw: OpaquePointer, kind: String, ledger: HandleLedger,
    release: @escaping (OpaquePointer?) -> cl_int
  ) {
    self.raw = raw
    self.kind = kind
    self.ledger = ledger
    self.release = release
    ledger.created(kind)
  }

  /// Calls `create`, which stores its status; `function` names the call in the error.
  init(
    kind: String, ledger: HandleLedger, release: @escaping (OpaquePointer?) -> cl_int,
    function: @autoclosure () -> String, create: (inout cl_int) -> OpaquePointer?
  ) throws(CLError) {
    var status: cl_int = CL_SUCCESS
    let raw = create(&status)
    try check(status, function())
    guard let raw else {
      throw CLError(
        code: CL_OUT_OF_RESOURCES, function: function(), detail: "the driver returned no object")
    }
    self.init(adopting: raw, kind: kind, ledger: ledger, release: release)
  }

  // An object that the driver refuses to release stays in the ledger.
  deinit { if release(raw) == CL_SUCCESS { ledger.released(kind) } }
}
