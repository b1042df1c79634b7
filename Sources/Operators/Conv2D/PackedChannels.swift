import Autotuner
import DeviceRuntime

/// A tensor in strips of channels, [channels / strip][rows][strip] floats: a register tile of
/// backward filter reads a strip from end to end, where in the tensor its rows lie all channels
/// apart.
struct PackedChannels {
  let tensor: String
  let rows: Int
  let channels: Int
  /// Channels of a strip; divides the channels.
  let strip: Int
  /// Floats in a vector; divides the strip where there is more than one.
  let vec: Int

  private var isTensor: Bool { strip == channels }

  /// The buffer that holds the strips.
  var name: String { isTensor ? tensor : "packed_\(tensor)" }

  var scratch: [OperationPlan.Scratch] {
    isTensor ? [] : [OperationPlan.Scratch(name, count: rows * channels)]
  }

  var launches: [OperationPlan.Launch] {
    guard !isTensor else { return [] }
    let rowBlock = 64
    return [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "conv2d/conv2d_pack_channels.cl", entryPoint: "conv2d_pack_channels",
          macros: [
            Macro("ROWS", rows), Macro("CHANNELS", channels), Macro("STRIP", strip),
            Macro("VEC", vec), Macro("ROW_BLOCK", rowBlock),
          ],
          range: NDRange(groups: NDRange.Size(ceilDivide(rows, rowBlock))),
          arguments: [.buffer(tensor), .buffer(name)]))
    ]
  }
}
