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
      module that takes them, --names torchvision calls them as torchvision's network does. How \
      images are prepared stands in the metadata of both (scale, crop, interpolation, color, mean, \
      standard_deviation); docs/predict.md, installed as share/doc/widecl/predict.md, shows it in \
      Python.

      Examples:
        widecl export runs/first --format onnx --output first.onnx
        widecl export runs/photos --format torch --names torchvision
      """)

  enum Names: String, CaseIterable, ExpressibleByArgument {
    case own, torchvision
  }

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

  @Argument(help: ArgumentHelp(ChosenCheckpoint.help, valueName: "run-or-checkpoint"))
  var checkpoint: String
  @Option(help: "onnx or torch.") var format: Format
  @Option(help: "The file to write; beside the checkpoint by default.") var output: String?
  @Option(help: "With torch: whose names the tensors have, own or torchvision; timm has the same.")
  var names: Names = .own
  @Option(help: "With torch: the Python file to write the module to.") var module: String?

  func validate() throws {
    if module != nil && format != .torch {
      throw ValidationError("--module goes with --format torch")
    }
    if names == .torchvision && (format != .torch || module != nil) {
      throw ValidationError(
        "--names torchvision goes with --format torch, and takes torchvision's own module")
    }
  }

  func run() throws {
    let chosen = try ChosenCheckpoint(checkpoint)
    let (checkpoint, file) = (chosen.checkpoint, chosen.path)
    let path = output ?? withoutEnding(file) + format.ending
    let files = [file, path] + (module.map { [$0] } ?? [])
    guard Set(files.map(resolved)).count == files.count else {
      throw ValidationError("the checkpoint, --output and --module must be different files")
    }
    let content: [[UInt8]] =
      switch format {
      case .onnx: try checkpoint.onnx(file: file)
      case .torch:
        try checkpoint.weights(file: file, torchvisionNames: names == .torchvision)
          .encoded()
      }
    let source = try module.map { _ in try checkpoint.pyTorchModule(file: file) }
    try AtomicFile.write(content, to: path)
    printPath(path)
    tell(checkpoint.header.preparationInWords)
    if let module, let source {
      try AtomicFile.write([Array(source.utf8)], to: module)
      printPath(module)
    }
  }
}

/// The path without the ending of safetensors files, or of an index of several.
func withoutEnding(_ path: String) -> String {
  let ending = [SafeTensors.indexEnding, ".safetensors"].first { path.hasSuffix($0) }
  return String(path.dropLast(ending?.count ?? 0))
}

/// The path that a path stands for, through links.
func resolved(_ path: String) -> String {
  URL(fileURLWithPath: path).resolvingSymlinksInPath().path
}

/// Prints where an output went, unless standard output is where.
func printPath(_ path: String) {
  if !Destination.isStandardOutput(path) { print(path) }
}
