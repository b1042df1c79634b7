import COpenCL

/// A launch that was enqueued, with its name and, once done, its times.
package final class Event {
  package let name: String
  private let handle: Handle

  package var raw: cl_event { handle.raw }

  /// Takes over the caller's reference to `raw`.
  package init(raw: cl_event, name: String, ledger: HandleLedger) {
    self.name = name
    handle = Handle(adopting: raw, kind: "event", ledger: ledger, release: clReleaseEvent)
  }

  /// When the launch began and ended, in nanoseconds of the device's clock; the launch must be done.
  package func times() throws(CLError) -> (start: UInt64, end: UInt64) {
    (try time(CL_PROFILING_COMMAND_START), try time(CL_PROFILING_COMMAND_END))
  }

  private func time(_ key: Int32) throws(CLError) -> UInt64 {
    var time: cl_ulong = 0
    try check(
      clGetEventProfilingInfo(
        raw, cl_profiling_info(key), MemoryLayout<cl_ulong>.size, &time, nil),
      "clGetEventProfilingInfo of \(name)")
    return time
  }
}
