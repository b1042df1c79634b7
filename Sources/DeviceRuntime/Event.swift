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
    var start: cl_ulong = 0
    var end: cl_ulong = 0
    try check(
      clGetEventProfilingInfo(raw, cl_profiling_info(CL_PROFILING_COMMAND_START), 8, &start, nil),
      "clGetEventProfilingInfo of \(name)")
    try check(
      clGetEventProfilingInfo(raw, cl_profiling_info(CL_PROFILING_COMMAND_END), 8, &end, nil),
      "clGetEventProfilingInfo of \(name)")
    return (start, end)
  }
}

/// Collects the events of a queue's launches, in order.
package final class EventRecorder {
  package private(set) var events: [Event] = []

  package init() {}

  package func record(_ event: Event) { events.append(event) }

  package func removeAll() { events.removeAll() }
}
