import Operators

/// Layers of networks without batch normalisation.
extension Network {
  /// What stands behind the bias of a convolution.
  public enum Activation: String, Hashable, Sendable {
    /// Nothing.
    case identity
    /// max(0, x).
    case relu
    /// x above 0, else eˣ - 1.
    case elu
    /// 1 / (1 + e⁻ˣ).
    case sigmoid

    /// The same for the operations.
    package var operation: Operators.Activation {
      switch self {
      case .identity: .identity
      case .relu: .relu
      case .elu: .elu
      case .sigmoid: .sigmoid
      }
    }
  }

  /// A convolution with a bias and an activation behind it, in two layers.
  ///
  /// The filter starts as in the convolution without bias where ReLU or ELU follow, with half that
  /// variance where nothing takes away a half of the values; the bias starts as `biasStart`.
  public mutating func convolution(
    _ x: Value, channels: Int, kernel: Int, stride: Int = 1, activation: Activation,
    biasStart: Float = 0, name: String
  ) -> Value {
    let y = convolution(
      x, channels: channels, kernel: kernel, stride: stride,
      gain: activation == .relu || activation == .elu ? 2 : 1, name: name)
    let bias = add(
      Parameter(name: "\(name).bias", layout: .vector(channels), start: .constant(biasStart)))
    return add(
      .biasActivation(activation), "\(name).\(activation.rawValue)", [y], shape(of: y),
      parameters: [bias])
  }

  /// In training zero for a share `rate` of the elements and the others divided by 1 - rate.
  public mutating func dropout(_ x: Value, rate: Double, name: String) -> Value {
    precondition(rate >= 0 && rate < 1, "dropout of \(name)")
    return rate == 0 ? x : add(.dropout(rate: rate), name, [x], shape(of: x))
  }

  /// t·h + (1 - t)·x of equal shapes: a layer of a Highway network (Srivastava et al., NIPS 2015).
  public mutating func gate(_ h: Value, _ t: Value, _ x: Value, name: String) -> Value {
    precondition(
      shape(of: h) == shape(of: x) && shape(of: t) == shape(of: x),
      "\(name): \(shape(of: h)), \(shape(of: t)) and \(shape(of: x))")
    return add(.gate, name, [h, t, x], shape(of: x))
  }

  /// The maximum of every `pieces` channels (Goodfellow et al., ICML 2013): of channel c of n, of
  /// the channels c, n + c, 2·n + c and so on.
  public mutating func maxout(_ x: Value, pieces: Int, name: String) -> Value {
    var to = shape(of: x)
    precondition(
      (1...256).contains(pieces) && to.channels.isMultiple(of: pieces), "maxout \(name)")
    to.channels /= pieces
    return add(.maxout(pieces: pieces), name, [x], to)
  }
}
