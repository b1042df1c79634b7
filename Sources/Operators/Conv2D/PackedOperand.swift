import Autotuner
import DeviceRuntime

/// An operand of a direct convolution in the order in which a register tile reads it, from end to
/// end, where in the tensor itself its rows lie all channels apart.
struct PackedOperand {
  /// The buffer that the convolution reads.
  let name: String
  let scratch: [OperationPlan.Scratch]
  let launches: [OperationPlan.Launch]

  /// A tensor that lies so as it is.
  private init(_ tensor: String) {
    name = tensor
    (scratch, launches) = ([], [])
  }

  private init(
    _ tensor: String, count: Int, by stem: String, macros: [Macro], groups: NDRange.Size
  ) {
    name = "packed_\(tensor)"
    scratch = [OperationPlan.Scratch(name, count: count)]
    launches = [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "conv2d/\(stem).cl", entryPoint: stem, macros: macros,
          range: NDRange(groups: groups), arguments: [.buffer(tensor), .buffer(name)]))
    ]
  }

  /// w in panels of the channels produced, [produced / panel][taps][summed][panel] floats; backward
  /// data's is transposed.
  static func filter(
    _ shape: Conv2DShape, _ tiling: Conv2DTiling, backward: Bool
  ) -> PackedOperand {
    let (summed, produced) =
      backward ? (shape.outChannels, shape.inChannels) : (shape.inChannels, shape.outChannels)
    // A group of `local` masks the channels that are not there, so panels need not divide them.
    let panel = tiling.shape == .tile ? tiling.registerTile.columns : produced
    guard backward || panel < produced else { return PackedOperand("w") }
    let itemK = 16
    return PackedOperand(
      "w", count: shape.filterCount, by: "conv2d_pack_filter",
      macros: [
        Macro("KERNEL", shape.kernel), Macro("IN_C", shape.inChannels),
        Macro("OUT_C", shape.outChannels), Macro("BACKWARD", backward), Macro("PANEL", panel),
        Macro("VEC", tiling.vec), Macro("ITEM_K", itemK),
      ],
      groups: NDRange.Size(
        produced / tiling.vec, ceilDivide(summed, itemK), shape.kernel * shape.kernel))
  }

  /// A tensor in strips of channels, [channels / strip][rows][strip] floats; `vec` floats are copied
  /// at once.
  static func strips(
    of tensor: String, rows: Int, channels: Int, strip: Int, vec: Int
  ) -> PackedOperand {
    guard strip < channels else { return PackedOperand(tensor) }
    let rowBlock = 64
    return PackedOperand(
      tensor, count: rows * channels, by: "conv2d_pack_channels",
      macros: [
        Macro("ROWS", rows), Macro("CHANNELS", channels), Macro("STRIP", strip), Macro("VEC", vec),
        Macro("ROW_BLOCK", rowBlock),
      ],
      groups: NDRange.Size(ceilDivide(rows, rowBlock)))
  }
}
