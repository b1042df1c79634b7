import Datasets

/// How well one class is recognised, by scikit-learn's definitions.
package struct ClassScores: Hashable, Sendable {
  /// Images that are of the class.
  package let images: Int
  /// Images for which it was answered.
  package let answers: Int
  /// Images for which it was answered rightly.
  package let right: Int

  /// The share of its answers that are right; nil where it was never answered.
  package var precision: Double? { answers > 0 ? Double(right) / Double(answers) : nil }
  /// The share of its images that are recognised; nil where there are none.
  package var recall: Double? { images > 0 ? Double(right) / Double(images) : nil }
  /// The harmonic mean of the two; nil where the class neither is there nor was answered.
  package var f1: Double? {
    images + answers > 0 ? 2 * Double(right) / Double(images + answers) : nil
  }
}

extension [ClassScores] {
  /// The mean of a score over the classes that are there or were answered, an undefined one
  /// counting as 0, as scikit-learn's macro average has it.
  package func macroAverage(_ score: (ClassScores) -> Double?) -> Double {
    let present = filter { $0.images + $0.answers > 0 }
    if present.isEmpty { return 0 }
    return present.reduce(0) { $0 + (score($1) ?? 0) } / Double(present.count)
  }
}

extension TestResults {
  /// The scores of each class.
  package var classScores: [ClassScores] {
    let confusion = confusion
    return confusion.indices.map { index in
      ClassScores(
        images: confusion[index].reduce(0, +), answers: confusion.reduce(0) { $0 + $1[index] },
        right: confusion[index][index])
    }
  }
}
