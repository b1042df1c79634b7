import ArgumentParser
import Exchange
import Files
import Foundation
import Training

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Writes a checkpoint's network for other programs.",
    discussion: """
      onnx: the network as it is evaluated, for any batch. torch: its parameters and running \
      statistics, a file that safetensors.torch.load_file opens; --module writes the PyTorch \
      module that takes them. How images are prepared stands in the metadata of both.
      """)

  enum Format: String, CaseIterable, ExpressibleByArgument {
    case onnx, torch

    /// How the file's name goes on where none is given.
    var ending: String {
      switch self {
      case .onnx: ".onnx"
      case .torch: "-torch.safetensors"
      }
    }
  }

  @Argument(help: "The checkpoint, a file that 'widecl train' wrote.") var checkpoint: String
  @Option(help: "onnx or torch.") var format: Format
  @Option(help: "The file to write; beside the checkpoint by default.") var output: String?
  @Option(help: "With torch: the Python file to write the module to.") var module: String?

  func validate() throws {
    if module != nil && format != .torch {
      throw ValidationError("--module goes with --format torch")
    }
  }

  func run() throws {
    let path = output ?? withoutEnding(self.checkpoint) + format.ending
    let files = [self.checkpoint, path] + (module.map { [$0] } ?? [])
    guard Set(files.map(resolved)).count == files.count else {
      throw ValidationError("the checkpoint, --output and --module must be different files")
    }
    let checkpoint = try Checkpoint(contentsOf: checkpoint)
    let content: [[UInt8]] =
      switch format {
      case .onnx: try checkpoint.onnx(file: self.checkpoint)
      case .torch: try checkpoint.weights(file: self.checkpoint).encoded()
      }
    let source = try module.map { _ in try checkpoint.pyTorchModule(file: self.checkpoint) }
    try AtomicFile.write(content, to: path)
    printPath(path)
    if let module, let source {
      try AtomicFile.write([Array(source.utf8)], to: module)
      printPath(module)
    }
  }
}

/// The path without the ending of safetensors files.
func withoutEnding(_ path: String) -> String {
  let ending = ".safetensors"
  return path.hasSuffix(ending) ? String(path.dropLast(ending.count)) : path
}

/// The path that a path stands for, through links.
func resolved(_ path: String) -> String {
  URL(fileURLWithPath: path).resolvingSymlinksInPath().path
}

/// Prints where an output went, unless standard output is where.
func printPath(_ path: String) {
  if !Destination.isStandardOutput(path) { print(path) }
}
