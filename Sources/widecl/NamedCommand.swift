import ArgumentParser
import Spelling

/// The command that this process's arguments name.
struct NamedCommand {
  /// The words that name it, such as `widecl bench step`.
  private(set) var words = ["widecl"]
  private var type: any ParsableCommand.Type = WideCLCommand.self
  private var others = CommandLine.arguments.dropFirst()

  init() {
    if others.first == "help" { others.removeFirst() }
    while let word = others.first,
      let next = type.configuration.subcommands.first(where: {
        $0.configuration.commandName == word
      })
    {
      type = next
      words.append(others.removeFirst())
    }
  }

  /// Throws where a word in the place of a command is none, with the command that is near.
  func check() throws {
    let commands = type.configuration.subcommands.compactMap { $0.configuration.commandName }
    guard let word = others.first, !word.hasPrefix("-"), !commands.isEmpty else { return }
    let name = (words.dropFirst() + [String(word.prefix(60))]).joined(separator: " ")
    throw ValidationError(
      "there is no command '\(name)'\(Spelling.question(word, among: commands))")
  }
}
