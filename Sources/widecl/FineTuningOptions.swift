import ArgumentParser
import Foundation
import Training

/// Weights to start from, and what of the network is trained.
struct FineTuningOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Start from these weights: a checkpoint, or a safetensors file of PyTorch's.",
      discussion: """
        Names may be this program's, torchvision's or timm's; of several files, give the index, \
        model.safetensors.index.json.
        """, valueName: "file"))
  var weights: String?
  @Flag(help: "Begin the last layer anew, for classes of your own.") var newHead = false
  @Option(
    help: ArgumentHelp(
      "Do not train these parts of the network, such as group0,group1.",
      discussion: """
        Parts are the first words of the parameters' names: conv0, bn0, group0, ... Their \
        parameters stay as they are; as with PyTorch's requires_grad, their batch normalisations \
        go on to normalise by the batch and to move their running statistics.
        """, valueName: "parts"))
  var freeze: String?

  private var isGiven: Bool { weights != nil || newHead || freeze != nil }

  func validate(resume: Bool) throws {
    if weights == nil && isGiven && !resume {
      throw ValidationError("--new-head and --freeze go with --weights")
    }
  }

  /// What is asked for; of a run to be continued what it began with, where nothing is.
  func chosen(over begun: FineTuning?) -> FineTuning? {
    guard isGiven, let weights = weights ?? begun?.weights else { return begun }
    return FineTuning(
      weights: URL(fileURLWithPath: weights).standardizedFileURL.path,
      newHead: newHead, freeze: freeze?.split(separator: ",").map(String.init) ?? [])
  }
}
