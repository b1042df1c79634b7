import Foundation

/// How values of an axis become places on it.
struct Scale {
  let ticks: [Double]
  private let low: Double
  private let high: Double
  private let from: Double
  private let to: Double
  private let isLogarithmic: Bool

  /// A scale that holds all finite values; `isTight` ends at the last value, not at a tick.
  init(
    _ values: [Double], from: Double, to: Double, isLogarithmic: Bool = false, isTight: Bool = false
  ) {
    self.from = from
    self.to = to
    self.isLogarithmic = isLogarithmic
    let usable = values.filter { $0.isFinite && (!isLogarithmic || $0 > 0) }
      .map { isLogarithmic ? log10($0) : $0 }
    var low = usable.min() ?? 0
    var high = usable.max() ?? 1
    if high - low < 1e-9 * max(1, abs(high)) {
      let room = max(abs(high) * 0.1, 1e-6)
      (low, high) = (isTight || isLogarithmic ? low - 1 : low - room, high + room)
    }
    let rough = (high - low) / 5
    let power = pow(10, floor(log10(rough)))
    var step = power * ([1, 2, 5].first { $0 * power >= rough } ?? 10)
    if isLogarithmic || isTight { step = max(1, step.rounded()) }
    if !isTight {
      low = floor(low / step) * step
      high = ceil(high / step) * step
    }
    let first = Int((low / step).rounded(.up))
    let last = max(first, Int((high / step + 1e-9).rounded(.down)))
    ticks = (first...min(last, first + 20)).map {
      isLogarithmic ? pow(10, Double($0) * step) : Double($0) * step
    }
    self.low = low
    self.high = high
  }

  /// Whether a value lies on the scale.
  func contains(_ value: Double) -> Bool {
    guard value.isFinite && (!isLogarithmic || value > 0) else { return false }
    let value = isLogarithmic ? log10(value) : value
    return value >= low - 1e-9 && value <= high + 1e-9
  }

  /// The place of a value.
  func position(_ value: Double) -> Double {
    from + ((isLogarithmic ? log10(value) : value) - low) / (high - low) * (to - from)
  }
}
