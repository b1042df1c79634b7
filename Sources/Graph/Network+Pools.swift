import Operators

/// Pools.
extension Network {
  /// The maximum of each square window of at most 16 rows; a NaN counts as the largest.
  ///
  /// Windows begin `padding` pixels outside the image, by default `kernel / 2`, which is also the
  /// most. With `roundsUp` the last pixels get a window of their own that hangs over the edge, as in
  /// Caffe and in PyTorch with `ceil_mode`; else a window that does not fit is left out.
  public mutating func maxPool(
    _ x: Value, kernel: Int = 3, stride: Int = 2, padding: Int? = nil, roundsUp: Bool = false,
    name: String = "max_pool"
  ) -> Value {
    let window = PoolWindow(
      kernel: kernel, stride: stride, pad: padding ?? kernel / 2, roundsUp: roundsUp)
    return add(.maxPool(window), name, [x], pooled(x, window))
  }

  /// The mean of each square window's pixels inside the image, with windows as in `maxPool`.
  public mutating func averagePool(
    _ x: Value, kernel: Int, stride: Int, padding: Int? = nil, roundsUp: Bool = false,
    name: String
  ) -> Value {
    let window = PoolWindow(
      kernel: kernel, stride: stride, pad: padding ?? kernel / 2, roundsUp: roundsUp)
    return add(.averagePool(window), name, [x], pooled(x, window))
  }

  /// The mean over all pixels of each channel.
  public mutating func globalAveragePool(_ x: Value, name: String = "pool") -> Value {
    add(
      .globalAveragePool, name, [x],
      ImageShape(height: 1, width: 1, channels: shape(of: x).channels))
  }

  private func pooled(_ x: Value, _ window: PoolWindow) -> ImageShape {
    let from = shape(of: x)
    return ImageShape(
      height: window.outputs(over: from.height), width: window.outputs(over: from.width),
      channels: from.channels)
  }
}
