extension SafeTensors.Tensor {
  /// The elements of a tensor of floats of any size as F32; nil for other types.
  ///
  /// F16 and BF16 keep their values; of F64, what 32 bits cannot hold becomes infinite.
  package var convertedFloats: [Float]? {
    switch type {
    case .f32: floats
    case .f16: elements(UInt16.self).map { Float(halfBits: $0) }
    case .bf16: elements(UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
    case .f64: elements(Double.self).map { Float($0) }
    default: nil
    }
  }
}

extension Float {
  /// The value of IEEE 754's binary16.
  init(halfBits bits: UInt16) {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let fraction = Float(bits & 0x3FF)
    switch bits >> 10 & 0x1F {
    case 0: self = sign * fraction * 0x1p-24
    case 31: self = fraction == 0 ? sign * .infinity : .nan
    case let exponent:
      self = sign * Float(sign: .plus, exponent: Int(exponent) - 25, significand: 1024 + fraction)
    }
  }
}
