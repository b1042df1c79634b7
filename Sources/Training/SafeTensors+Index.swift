import Foundation

extension SafeTensors {
  /// How the name ends of a file that tells which file each tensor is in.
  package static let indexEnding = ".safetensors.index.json"
  /// The most bytes of an index that are read.
  private static let indexLimit = 64 << 20

  private struct Index: Decodable {
    var weightMap: [String: String]

    enum CodingKeys: String, CodingKey { case weightMap = "weight_map" }
  }

  /// Reads all files of an index, `model.safetensors.index.json`, which lie beside it.
  ///
  /// Texts under `__metadata__` are those of the first file, by name. Throws with status 66 where a
  /// file is missing, 65 where one is damaged or does not have the tensors that the index says.
  init(index path: String) throws(TrainingError) {
    func wrong(_ why: String) -> TrainingError {
      TrainingError(
        .badData, path, why: why, advice: "get the index and its files again, all of one model")
    }
    let file = try InputFile(path)
    guard file.size <= SafeTensors.indexLimit else {
      throw wrong("\(file.size) bytes are no index")
    }
    guard
      let index = try? JSONDecoder().decode(Index.self, from: Data(file.read(file.size))),
      !index.weightMap.isEmpty
    else { throw wrong("it is no index: it has no 'weight_map' of texts") }
    let folder = path.contains("/") ? path[...(path.lastIndex(of: "/") ?? path.startIndex)] : ""
    self.init()
    for shard in Set(index.weightMap.values).sorted() {
      guard shard.hasSuffix(".safetensors"), !shard.contains("/") else {
        throw wrong("'\(shard.prefix(80))' is no name of a safetensors file beside it")
      }
      let part = try SafeTensors(contentsOf: folder + shard)
      for name in part.tensors.keys.sorted() where index.weightMap[name] != shard {
        throw wrong("\(shard) has a tensor '\(name.prefix(80))', which it does not say")
      }
      if metadata.isEmpty { metadata = part.metadata }
      tensors.merge(part.tensors) { $1 }
    }
    if let missing = index.weightMap.keys.filter({ tensors[$0] == nil }).min() {
      let shard = index.weightMap[missing] ?? ""
      throw wrong("\(shard) has no tensor '\(missing.prefix(80))', which it should have")
    }
  }
}
