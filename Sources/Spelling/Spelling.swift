/// Finds what somebody may have meant.
package enum Spelling {
  /// The word among `words` that takes the fewest changes to become `word`; nil where none is near.
  ///
  /// Capitals, blanks, hyphens and underscores do not count: "batch_size" is "batchSize". A word
  /// that was not typed to its end is nearest of all: "wrn-28" is "wrn-28-10".
  package static func nearest(to word: String, among words: some Sequence<String>) -> String? {
    let letters = plain(word)
    // Nobody types a longer one, and the time grows with its length.
    guard !letters.isEmpty, letters.utf8.count <= 100 else { return nil }
    if letters.count >= shortestBeginning,
      let whole = words.first(where: { plain($0).hasPrefix(letters) })
    {
      return whole
    }
    let nearest = words.map { (word: $0, distance: distance(letters, plain($0))) }
      .min { $0.distance < $1.distance }
    guard let nearest, nearest.distance <= max(2, letters.count / 3) else { return nil }
    return nearest.word
  }

  /// Letters that are enough to know a word by its beginning.
  private static let shortestBeginning = 3

  /// A question to put behind an error about an unknown word; empty where no word is near.
  package static func question(_ word: String, among words: some Sequence<String>) -> String {
    nearest(to: word, among: words).map { "; did you mean '\($0)'?" } ?? ""
  }

  private static func plain(_ word: String) -> String {
    word.lowercased().filter { !" -_".contains($0) }
  }

  /// The insertions, deletions and replacements of a letter between two words, whose case does not
  /// count (Levenshtein's distance).
  package static func distance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a.lowercased()), Array(b.lowercased()))
    var row = Array(0...b.count)
    for (i, letter) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, other) in b.enumerated() {
        let replaced = diagonal + (letter == other ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
      }
    }
    return row[b.count]
  }
}
