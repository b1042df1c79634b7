/// This process's command as a shell takes it.
var typedCommand: String {
  (["widecl"] + CommandLine.arguments.dropFirst().map(quoted)).joined(separator: " ")
}

/// A word as POSIX shells take it, in quotes where it needs them.
private func quoted(_ word: String) -> String {
  let isPlain = word.utf8.allSatisfy {
    switch $0 {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "-_./:,=+@%".utf8.contains($0)
    }
  }
  return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
}
