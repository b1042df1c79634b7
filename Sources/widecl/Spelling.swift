/// Finds what somebody may have meant.
enum Spelling {
  /// The word among `words` that takes the fewest changes to become `word`; nil where none is near.
  static func nearest(to word: String, among words: some Sequence<String>) -> String? {
    let nearest = words.map { (word: $0, distance: distance(word, $0)) }
      .min { $0.distance < $1.distance }
    guard let nearest, nearest.distance <= max(2, word.count / 3) else { return nil }
    return nearest.word
  }

  /// The insertions, deletions and replacements of a letter between two words, whose case does not
  /// count (Levenshtein's distance).
  static func distance(_ a: String, _ b: String) -> Int {
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
