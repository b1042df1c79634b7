import Datasets
import Foundation
import Graph
import Training

/// What a command is given to work with: a checkpoint's file, or the folder of a run.
struct ChosenCheckpoint {
  /// The checkpoint's file.
  let path: String
  let checkpoint: Checkpoint
  /// Whether it is that of a run's folder.
  let isRun: Bool
  /// Of the run whose folder the checkpoint lies in; nil where it lies elsewhere.
  private let configuration: RunConfiguration?

  /// The words of help for such an argument.
  static let help = "The folder of a run, or a checkpoint that 'widecl train' wrote."

  /// Reads the file or, of a folder, the best checkpoint, which is said.
  ///
  /// `orientation` takes the place of what the checkpoint's training did with images.
  init(_ argument: String, orientation: OrientationHandling? = nil) throws {
    func read(_ path: String) throws -> Checkpoint {
      var checkpoint = try Checkpoint(contentsOf: path)
      checkpoint.header.orientation = orientation ?? checkpoint.header.orientation
      return checkpoint
    }
    guard FilePath(argument).isFolder else {
      path = argument
      isRun = false
      checkpoint = try read(argument)
      let folder = URL(fileURLWithPath: argument).deletingLastPathComponent().path
      configuration = try? RunConfiguration(folder: folder)
      return
    }
    let found = [RunFolder.bestCheckpoint(in: argument), RunFolder.lastCheckpoint(in: argument)]
      .first { FileManager.default.fileExists(atPath: $0) }
    guard let found else {
      throw TrainingError.missing(
        argument + "/checkpoint-best.safetensors",
        advice: "give the folder of a run that has a checkpoint, or a checkpoint")
    }
    path = found
    isRun = true
    checkpoint = try read(found)
    configuration = try? RunConfiguration(folder: argument)
    tell("\(found), of epoch \(checkpoint.header.position.epoch)")
  }

  /// The data set that the user names, else the run's with its limit, its labels as the network
  /// means them.
  func dataset(_ options: CheckpointDataOptions, limit: Int?) throws -> Dataset {
    let header = checkpoint.header
    func load(_ name: String, _ path: String?) throws -> Dataset {
      let data = try loadDataset(
        name, path: path, size: header.image.height, heldOut: header.heldOut)
      header.tellOtherFiles(than: data)
      return data
    }
    var data: Dataset
    if let name = options.data {
      data = try load(name, options.dataPath)
      if let limit { data = data.prefix(limit) }
    } else {
      let recorded = configuration?.data == header.data ? configuration?.usableDataPath : nil
      data = try load(header.data, options.dataPath ?? recorded)
      if let limit = limit ?? header.limit { data = data.prefix(limit) }
    }
    data = try checkpoint.header.fitted(
      data, by: options.classMap.map { try ClassMap(contentsOf: $0) }, file: path, note: tell)
    try checkFiles(of: data, training: false)
    return data
  }
}
