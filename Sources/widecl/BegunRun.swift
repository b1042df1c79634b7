import Datasets
import Foundation
import Models
import Training

/// A run that is to be continued, as far as its folder tells of it.
struct BegunRun {
  /// The last checkpoint's header, of several runs the first one's; nil before there is one.
  let header: Checkpoint.Header?
  /// Nil in a folder that 'widecl import' wrote to.
  let configuration: RunConfiguration?

  /// Reads a run's folder; nil where there is neither a checkpoint nor a configuration.
  init?(folder: String) throws {
    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
    configuration =
      exists(RunFolder.config(in: folder)) ? try RunConfiguration(folder: folder) : nil
    let last = RunFolder.lastCheckpoint(
      in: (configuration?.runs ?? 1) > 1 ? RunFolder.part(1, of: folder) : folder)
    header = exists(last) ? try Checkpoint.Header(contentsOf: last) : nil
    if configuration == nil && header == nil { return nil }
  }

  func model() throws -> Model? { try header?.model ?? configuration?.resolvedModel() }

  var data: String? { header?.data ?? configuration?.data }
  var recipe: Recipe? { header?.recipe ?? configuration?.recipe }
  var seed: UInt64? { header?.seed ?? configuration?.seed }
  var limit: Int? { header.map(\.limit) ?? configuration?.limit }
  /// Of a run without a checkpoint; with one, that knows it.
  var microBatch: Int? { header == nil ? configuration?.microBatch : nil }
  var orientation: OrientationHandling? { header == nil ? configuration?.orientation : nil }
  var fineTuning: FineTuning? { header.map(\.fineTuning) ?? configuration?.fineTuning }
}

extension RunConfiguration {
  /// The folder that the data set lay in, where it is still there or nothing else can be found.
  var usableDataPath: String? {
    guard let dataPath else { return nil }
    // Only the user can say where a folder of images lies.
    let isFolder = (try? DatasetName(parsing: data))?.isFolder ?? false
    return isFolder || FileManager.default.fileExists(atPath: dataPath) ? dataPath : nil
  }
}
