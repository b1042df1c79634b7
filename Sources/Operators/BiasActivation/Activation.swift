import Autotuner
import DeviceRuntime
import Foundation

/// What stands behind the bias of a convolution.
package enum Activation: String, Hashable, Codable, Sendable, CaseIterable {
  /// Nothing.
  case identity
  /// max(0, x).
  case relu
  /// x above 0, else eˣ - 1 (Clevert et al., ICLR 2016, with α = 1).
  case elu
  /// 1 / (1 + e⁻ˣ).
  case sigmoid

  /// As `Kernels/bias_activation/activation.clh` has it.
  var macro: Macro {
    let number =
      switch self {
      case .identity: 0
      case .relu: 1
      case .elu: 2
      case .sigmoid: 3
      }
    return Macro("ACTIVATION", number)
  }

  /// Whether small integers give small integers.
  var isExactOnIntegers: Bool { self == .identity || self == .relu }

  /// The value at x.
  func value(_ x: Double) -> Double {
    switch self {
    case .identity: x
    case .relu: max(0, x)
    case .elu: x > 0 ? x : expm1(x)
    case .sigmoid: 1 / (1 + exp(-x))
    }
  }

  /// The derivative where the value is y.
  func derivative(ofValue y: Double) -> Double {
    switch self {
    case .identity: 1
    case .relu: y > 0 ? 1 : 0
    case .elu: y > 0 ? 1 : y + 1
    case .sigmoid: y * (1 - y)
    }
  }
}

/// The sizes of a bias with an activation behind it; x and y: [rows, channels].
package struct BiasActivationProblem: Hashable, Codable, Sendable, CustomStringConvertible {
  /// Images times pixels.
  package var rows: Int
  package var channels: Int
  package var activation: Activation

  package init(rows: Int, channels: Int, activation: Activation) {
    precondition(rows > 0 && channels > 0, "a bias for \(rows)x\(channels)")
    self.rows = rows
    self.channels = channels
    self.activation = activation
  }

  package var description: String { "\(rows)x\(channels)_\(activation)" }

  var count: Int { rows * channels }

  static var examples: [BiasActivationProblem] {
    BatchNormTiling.exampleSizes.enumerated().map { index, size in
      let activations = Activation.allCases
      return BiasActivationProblem(
        rows: size.0, channels: size.1, activation: activations[index % activations.count])
    }
      + [(98, 10), (588, 96), (147, 48)].flatMap { rows, channels in
        Activation.allCases.map {
          BiasActivationProblem(rows: rows, channels: channels, activation: $0)
        }
      }
  }
}
