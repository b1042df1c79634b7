/// The word that was probably meant, among those there are; nil where none is near.
///
/// Capitals, blanks, hyphens and underscores count little: "batch_size" is next to "batchSize".
package func nearest(to word: String, among words: [String]) -> String? {
  let letters = plain(word)
  guard !letters.isEmpty, letters.count <= 100 else { return nil }
  let ranked = words.map { (word: $0, distance: distance(letters, plain($0))) }
  guard let best = ranked.min(by: { $0.distance < $1.distance }),
    best.distance <= max(1, letters.count / 3)
  else { return nil }
  return best.word
}

/// A question to put behind an error about an unknown word; empty where no word is near.
package func didYouMean(_ word: String, _ words: [String]) -> String {
  nearest(to: word, among: words).map { "; did you mean '\($0)'?" } ?? ""
}

private func plain(_ word: String) -> [Character] {
  word.lowercased().filter { !" -_".contains($0) }
}

/// Letters to insert, remove, replace or swap with their neighbour (Damerau's distance, each pair
/// of neighbours swapped once).
private func distance(_ a: [Character], _ b: [Character]) -> Int {
  var rows = [Array(0...b.count)]
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var cost = min(
        rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        cost = min(cost, rows[i - 1][j - 1] + 1)
      }
      row.append(cost)
    }
    rows.append(row)
  }
  return rows[a.count][b.count]
}
