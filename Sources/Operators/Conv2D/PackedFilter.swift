import Autotuner
import DeviceRuntime

/// A filter in panels of the channels that a convolution produces, for its direct kernels.
///
/// [produced / panel][taps][summed][panel] floats: a register tile reads a panel from end to end,
/// where in the filter itself its rows lie all channels apart. Backward data's is transposed.
struct PackedFilter {
  let shape: Conv2DShape
  let backward: Bool
  /// Channels of a panel, a multiple of `vec`.
  let panel: Int
  /// Floats in a vector; divides the channels produced.
  let vec: Int

  init(_ shape: Conv2DShape, _ tiling: Conv2DTiling, backward: Bool) {
    self.shape = shape
    self.backward = backward
    vec = tiling.vec
    switch tiling.shape {
    case .tile: panel = tiling.itemN * tiling.vec
    // A group masks the channels that are not there, so panels need not divide them.
    case .local: panel = backward ? shape.inChannels : shape.outChannels
    }
  }

  private var channels: (summed: Int, produced: Int) {
    backward ? (shape.outChannels, shape.inChannels) : (shape.inChannels, shape.outChannels)
  }

  /// Whether the filter lies so as it is.
  private var isFilter: Bool { !backward && panel == channels.produced }

  /// The buffer that the convolution reads.
  var name: String { isFilter ? "w" : "packed" }

  var scratch: [OperationPlan.Scratch] {
    isFilter ? [] : [OperationPlan.Scratch("packed", count: shape.filterCount)]
  }

  var launches: [OperationPlan.Launch] {
    guard !isFilter else { return [] }
    let itemK = 16
    return [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "conv2d/conv2d_pack_filter.cl", entryPoint: "conv2d_pack_filter",
          macros: [
            Macro("KERNEL", shape.kernel), Macro("IN_C", shape.inChannels),
            Macro("OUT_C", shape.outChannels), Macro("BACKWARD", backward), Macro("PANEL", panel),
            Macro("VEC", vec), Macro("ITEM_K", itemK),
          ],
          range: NDRange(
            groups: NDRange.Size(
              channels.produced / vec, ceilDivide(channels.summed, itemK),
              shape.kernel * shape.kernel)),
          arguments: [.buffer("w"), .buffer("packed")]))
    ]
  }
}
