/// What a share of some cases says about the share of all cases.
package enum Proportion {
  /// The 97.5 % quantile of the normal distribution.
  private static let quantile = 1.959963984540054

  /// The interval, from 0 to 1, of an error of so many per cent of some images.
  package static func wilsonInterval(error: Double, of images: Int) -> ClosedRange<Double> {
    let wrong = Int((error / 100 * Double(images)).rounded())
    return wilsonInterval(min(max(wrong, 0), images), of: images)
  }

  /// Wilson's score interval, without a correction for continuity: from 0 to 1, it holds the
  /// probability behind `count` of `cases` with 95 % confidence.
  ///
  /// E. B. Wilson, Journal of the American Statistical Association 22, 1927. Unlike the normal
  /// approximation it holds for few cases and for shares near 0.
  package static func wilsonInterval(_ count: Int, of cases: Int) -> ClosedRange<Double> {
    precondition(cases > 0 && (0...cases).contains(count), "a count of some cases")
    let (n, share) = (Double(cases), Double(count) / Double(cases))
    let square = quantile * quantile
    let scale = 1 / (1 + square / n)
    let center = scale * (share + square / (2 * n))
    let half =
      scale * quantile * (share * (1 - share) / n + square / (4 * n * n)).squareRoot()
    return max(0, center - half)...min(1, center + half)
  }
}
