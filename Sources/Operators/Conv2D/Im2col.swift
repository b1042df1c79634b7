import Autotuner
import DeviceRuntime

/// A convolution as one matrix product by CLBlast over the input's columns.
///
/// Each output pixel has a row of kernel² · channels values; a 1x1 convolution with stride 1 has
/// them already. Pays where CLBlast is tuned and memory for the columns is at hand.
package struct Im2colTiling: Hashable, Codable, Sendable, CustomStringConvertible {
  /// Floats in a vector of the copies; divides the input channels.
  package var vec: Int
  /// Work-items in a group of the copies, along channels; 1 on a CPU.
  package var workGroup: Int

  package var description: String { "im2col_v\(vec)_wg\(workGroup)" }

  /// Columns larger than this are never made.
  private static let largestColumns = 64 << 20

  static func candidates(_ shape: Conv2DShape, on device: DeviceInfo) -> [Im2colTiling] {
    guard isPlain(shape) || 4 * columnsCount(shape) <= largestColumns else { return [] }
    let vec = [device.kind == .gpu ? 4 : 16, 4, 1].first {
      shape.inChannels.isMultiple(of: $0)
    }
    let workGroup = device.kind == .gpu ? min(64, device.maxWorkGroup) : 1
    return [Im2colTiling(vec: vec ?? 1, workGroup: workGroup)]
  }

  /// Whether the input's rows are the columns.
  private static func isPlain(_ shape: Conv2DShape) -> Bool {
    shape.kernel == 1 && shape.stride == 1
  }

  private static func columnsCount(_ shape: Conv2DShape) -> Int {
    shape.outPixels * shape.kernel * shape.kernel * shape.inChannels
  }

  private func copy(
    _ stem: String, _ shape: Conv2DShape, pixels: Int, taps: Int, macros: [Macro] = [],
    arguments: [OperationPlan.Argument]
  ) -> OperationPlan.Launch {
    let vectors = shape.inChannels / vec
    let itemN = workGroup == 1 ? vectors : 1
    return .kernel(
      OperationPlan.KernelLaunch(
        source: "conv2d/\(stem).cl", entryPoint: stem,
        macros: shape.macros + [
          Macro("VEC", vec), Macro("ITEM_N", itemN), Macro("WG_X", workGroup),
        ] + macros,
        range: NDRange(
          groups: NDRange.Size(ceilDivide(ceilDivide(vectors, itemN), workGroup), pixels, taps),
          local: NDRange.Size(workGroup)),
        arguments: arguments))
  }

  private func columns(_ shape: Conv2DShape) -> OperationPlan {
    guard !Im2colTiling.isPlain(shape) else { return OperationPlan(launches: []) }
    return OperationPlan(
      scratch: [OperationPlan.Scratch("columns", count: Im2colTiling.columnsCount(shape))],
      launches: [
        copy(
          "conv2d_im2col", shape, pixels: shape.outPixels, taps: shape.kernel * shape.kernel,
          arguments: [.buffer("x"), .buffer("columns")])
      ])
  }

  private func inner(_ shape: Conv2DShape) -> Int {
    shape.kernel * shape.kernel * shape.inChannels
  }

  /// y = columns · w [+ residual].
  func forward(_ shape: Conv2DShape, withResidual: Bool) -> OperationPlan {
    var plan = columns(shape)
    let from = Im2colTiling.isPlain(shape) ? "x" : "columns"
    plan.launches.append(
      .product(
        BLAS.Product(m: shape.outPixels, n: shape.outChannels, k: inner(shape)), a: from, b: "w",
        c: withResidual ? "product" : "y"))
    guard withResidual else { return plan }
    plan.scratch.append(OperationPlan.Scratch("product", count: shape.outCount))
    plan.launches.append(
      .nested(
        Instance(Add.self, Add.Problem(count: shape.outCount)),
        renaming: ["a": "product", "b": "residual"]))
    return plan
  }

  /// dx = the columns dy · wᵀ put back [+ residual].
  func backwardData(_ shape: Conv2DShape, withResidual: Bool) -> OperationPlan {
    OperationPlan(
      scratch: [OperationPlan.Scratch("columns", count: Im2colTiling.columnsCount(shape))],
      launches: [
        .product(
          BLAS.Product(
            m: shape.outPixels, n: inner(shape), k: shape.outChannels, transposeB: .yes),
          a: "dy", b: "w", c: "columns"),
        copy(
          "conv2d_col2im", shape, pixels: shape.batch * shape.inHeight * shape.inWidth, taps: 1,
          macros: [Macro("WITH_RESIDUAL", withResidual)],
          arguments: [.buffer("columns")] + (withResidual ? [.buffer("residual")] : [])
            + [.buffer("dx")]),
      ])
  }

  /// dw = columnsᵀ · dy.
  func backwardFilter(_ shape: Conv2DShape) -> OperationPlan {
    var plan = columns(shape)
    plan.launches.append(
      .product(
        BLAS.Product(m: inner(shape), n: shape.outChannels, k: shape.outPixels, transposeA: .yes),
        a: Im2colTiling.isPlain(shape) ? "x" : "columns", b: "dy", c: "dw"))
    return plan
  }
}
