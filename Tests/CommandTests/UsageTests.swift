import ArgumentParser
import Foundation
import Testing

@testable import widecl

@Suite(.serialized)
struct UsageTests {
  /// The words of a command and of all below it.
  private static func words(
    of command: any ParsableCommand.Type, behind words: [String] = []
  ) -> [[String]] {
    [words]
      + command.configuration.subcommands.flatMap {
        self.words(of: $0, behind: words + [$0.configuration.commandName ?? "\($0)"])
      }
  }

  @Test(arguments: words(of: WideCLCommand.self))
  func everyCommandExplainsItself(command: [String]) throws {
    let result = try Command.run(command + ["--help"])
    #expect(result.status == 0)
    #expect(result.error.isEmpty)
    #expect(result.out.contains("USAGE: widecl" + command.map { " " + $0 }.joined()))
    // The parser does not wrap its own line of usage.
    let wide = result.out.components(separatedBy: "\n").filter { $0.count > 80 }
    #expect(wide.allSatisfy { $0.hasPrefix("USAGE: ") }, "\(wide)")
  }

  @Test func theVersionIsOneLine() throws {
    let result = try Command.run("--version")
    #expect(result.status == 0 && result.error.isEmpty)
    let version = WideCLCommand.configuration.version
    #expect(version.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+/) != nil, "\(version)")
    #expect(result.out == version + "\n")
  }

  @Test(arguments: [
    ["fly"], ["--fly"], ["train"], ["train", "--model", "wrn-10-1"], ["summary"], ["evaluate"],
    ["bench", "step"], ["bench", "leap"], ["data", "check"], ["devices", "0"],
    ["summary", "wrn-10-1", "wrn-16-1"],
    ["summary", "resnet-9000"], ["summary", "wrn-11-1"], ["summary", "wrn-10"],
    ["summary", "wrn-0-1"], ["summary", "wrn-10-99999999999999999999"],
    ["summary", "wrn-10-1-b(2,2)"], ["summary", "wrn-10-1", "--batch", "0"],
    ["summary", "wrn-10-1", "--image", "32"], ["summary", "wrn-10-1", "--classes", "-3"],
    ["summary", "wrn-10-1", "--data", "cifar10", "--classes", "3"],
    ["summary", "wrn-10-1", "--data", "imagenet-22k"],
    ["summary", "wrn-10-1", "--depth-rule", "7n"], ["summary", "wrn-10-1", "--dropout", "1"],
    ["summary", "wrn-10-1", "--blocks-per-group", "0"],
    ["bench", "step", "wrn-10-1", "--steps", "0"], ["bench", "step", "wrn-10-1", "--batch", "ten"],
    ["data", "check", "nothing"], ["data", "check", "synthetic:1x8x8:4"],
  ])
  func wrongUsage(arguments: [String]) throws { try expectFailure(64, arguments) }

  @Test(arguments: [
    ["--recipe", "slow"], ["--epochs", "0"], ["--epochs", "-1"], ["--epochs", "few"],
    ["--batch", "0"], ["--batch", "-16"], ["--lr", "0"], ["--lr", "nan"], ["--lr", "-0.1"],
    ["--seed", "-1"], ["--seed", "x"], ["--limit", "0"], ["--runs", "0"], ["--dropout", "1.5"],
    ["--model", "wrn-10-0"], ["--data", "synthetic:0x8x8:4:64"], ["--data", "folder:0"],
    ["--preprocess", "whiten"],
  ])
  func wrongTrainingOptions(options: [String]) throws {
    let folder = try TemporaryFolder()
    let output = folder.path("run")
    try expectFailure(64, Small.train + ["--output", output] + options)
    #expect(!FileManager.default.fileExists(atPath: output), "a folder of a run that never was")
  }

  @Test func aBatchLargerThanTheDataIsWrongUsage() throws {
    let folder = try TemporaryFolder()
    try expectFailure(
      64, Small.train + ["--output", folder.path("run"), "--batch", "128"],
      mentions: "--batch", afterProgress: true)
  }

  @Test func theErrorPointsToTheCommandsHelp() throws {
    try expectFailure(64, ["train", "--fly"], mentions: "'widecl train --help'")
    try expectFailure(64, ["bench", "step"], mentions: "'widecl bench step --help'")
    // What is found out while a command runs.
    try expectFailure(64, ["train", "runs/first"], mentions: "'widecl train --help'")
    try expectFailure(
      64, ["data", "check", "/tmp", "--data-path", "/tmp"], mentions: "'widecl data check --help'")
  }

  @Test func namesCannotForgeLinesOrMoveTheCursor() throws {
    try expectFailure(64, ["summary", "wrn\nwidecl: done\u{1b}[2J"])
    try expectFailure(64, ["data", "check", "a\nb\u{1b}[2J"])
    try expectFailure(66, ["evaluate", "a\nb\u{1b}[2J", "--data", Small.data])
    let result = try Command.run("summary", "wrn\u{1b}[2J")
    #expect(!result.error.contains("\u{1b}"))
  }
}
