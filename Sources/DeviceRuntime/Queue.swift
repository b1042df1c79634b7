import COpenCL

/// An in-order command queue with profiling.
///
/// Not thread-safe: one thread enqueues.
package final class Queue {
  package let context: Context
  /// Where the events of launches go while something records; nil costs nothing.
  package var recorder: EventRecorder?
  private let handle: Handle

  package var raw: cl_command_queue { handle.raw }

  init(context: Context) throws(CLError) {
    self.context = context
    handle = try Handle(
      kind: "queue", ledger: context.ledger, release: clReleaseCommandQueue,
      function: "clCreateCommandQueue"
    ) { status in
      clCreateCommandQueue(
        context.raw, context.device.raw, cl_command_queue_properties(CL_QUEUE_PROFILING_ENABLE),
        &status)
    }
  }

  /// Starts the queued commands without waiting for them.
  package func flush() throws(CLError) { try check(clFlush(raw), "clFlush") }

  /// Waits until all queued commands are done.
  package func finish() throws(CLError) { try check(clFinish(raw), "clFinish") }

  /// Enqueues one launch; `name` is what profiles call it.
  package func launch(_ kernel: Kernel, over range: NDRange, name: String) throws(CLError) {
    try kernel.requireAllArguments()
    var global = (range.global.x, range.global.y, range.global.z)
    var local = (range.local.x, range.local.y, range.local.z)
    var event: cl_event?
    let wantsEvent = recorder != nil
    let status = withUnsafePointer(to: &global) { globalPointer in
      globalPointer.withMemoryRebound(to: Int.self, capacity: 3) { global in
        withUnsafePointer(to: &local) { localPointer in
          localPointer.withMemoryRebound(to: Int.self, capacity: 3) { local in
            wantsEvent
              ? clEnqueueNDRangeKernel(raw, kernel.raw, 3, nil, global, local, 0, nil, &event)
              : clEnqueueNDRangeKernel(raw, kernel.raw, 3, nil, global, local, 0, nil, nil)
          }
        }
      }
    }
    guard status == CL_SUCCESS else {
      throw CLError(
        code: status, function: "clEnqueueNDRangeKernel of \(name)",
        detail: context.explanation(of: status))
    }
    if let event { recorder?.record(Event(raw: event, name: name, ledger: context.ledger)) }
  }
}
