import ArgumentParser
import Foundation
import Testing

@testable import widecl

/// Names that are nearly right, and what help says.
@Suite(.serialized)
struct WordsTests {
  @Test(arguments: [
    (["trian"], "'trian'; did you mean 'train'?; see 'widecl --help'"),
    (["bench", "stp"], "'bench stp'; did you mean 'step'?; see 'widecl bench --help'"),
    (["data", "chek", "mnist"], "'data chek'; did you mean 'check'?; see 'widecl data --help'"),
    (["help", "bench", "stp"], "did you mean 'step'?; see 'widecl bench --help'"),
    (["bench", "help"], "no command 'bench help'; see 'widecl bench --help'"),
    (["fly"], "no command 'fly'; see 'widecl --help'"), (["help", "fly"], "no command 'fly'"),
    (["train", "--show", "--bach", "3"], "Did you mean '--batch'?"),
    (["train", "--show", "--recipe", "cifr"], "did you mean 'cifar'?"),
    (["train", "--show", "--set", "momentun=0"], "did you mean 'momentum'?"),
    (["summary", "wrn-28-1O"], "did you mean 'wrn-28-10'?"),
    (["summary", "resnet50d"], "did you mean 'resnet-50'?"),
    (["summary", "wrn-28"], "unknown name; did you mean 'wrn-28-10'?; see 'widecl models'\n"),
    (["train", "--model", "wrn-16-1", "--data", "fasion-mnist"], "you mean 'fashion-mnist'?;"),
    (["train", "--data", "photo"], "photo: no data set or folder has this name;"),
    (["train", "--data", "mnist"], "give --model, such as wrn-16-4;"),
    (["train", "--model", "wrn-16-1"], "give --data, "),
    (["train", "photo"], "give --resume; to train on a folder of images, give it as --data;"),
    (["reproduce", "tabel2"], "did you mean 'table2'?; choose one of table1, "),
    (["reproduce", "table2", "--plan", "--limit", "9"], "there are only 9 training images"),
    (["verify", "nowhere"], "'nowhere' is no model, and no path of a run or a checkpoint;"),
    (["summary", "wrn-16-1", "--depth-rule", "7n"], "'6n+4' and '3ln+4'; see "),
  ])
  func aNearNameIsProposed(arguments: [String], hint: String) throws {
    try expectFailure(64, arguments, mentions: hint)
  }

  @Test func torchvisionsNamesAreOurs() throws {
    for (theirs, ours) in [("wide_resnet50_2", "wrn-50-2-bottleneck"), ("resnet18", "resnet-18")] {
      let summary = try Command.run("summary", theirs, "--json").object()
      #expect(summary["model"] as? String == ours)
    }
  }

  @Test func modelsAreListed() throws {
    let rows = try #require(
      try Command.run("models", "--json").json() as? [[String: Any]])
    let row = try #require(rows.first { $0["name"] as? String == "wrn-28-10" })
    #expect(row["parameters"] as? Int == 36_479_194 && row["image"] as? String == "3x32x32")
    #expect(rows.contains { $0["torchvision"] as? String == "resnet50" })
    let text = try Command.run("models")
    #expect(text.status == 0 && text.out.contains("wrn-28-10"))
    for row in rows {
      let name = try #require(row["name"] as? String)
      #expect(text.out.contains(name))
    }
  }

  /// The parser breaks longer lines, which then cannot be copied.
  @Test(arguments: leaves(of: WideCLCommand.self))
  func examplesFitTheirLines(command: [String]) throws {
    let help = try Command.run(command + ["--help"]).out
    let examples = help.split(separator: "USAGE:")[0].split(separator: "\n")
      .drop { !$0.hasPrefix("Example") }.dropFirst()
    #expect(examples.allSatisfy { $0.hasPrefix("  widecl ") }, "\(examples)")
  }

  private static func leaves(
    of command: any ParsableCommand.Type, behind words: [String] = []
  ) -> [[String]] {
    let subcommands = command.configuration.subcommands
    if subcommands.isEmpty { return [words] }
    return subcommands.flatMap {
      leaves(of: $0, behind: words + [$0.configuration.commandName ?? ""])
    }
  }

  @Test(arguments: leaves(of: WideCLCommand.self))
  func everyHelpHasAnExample(command: [String]) throws {
    let help = try Command.run(command + ["--help"]).out
    #expect(
      help.contains("Example") && help.contains("\n    widecl ") || help.contains("\n  widecl "),
      "\(help.prefix(900))")
  }
}
