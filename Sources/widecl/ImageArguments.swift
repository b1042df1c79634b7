import Datasets
import Foundation

/// The image files that arguments name: those given, and all below folders that are given, in the
/// order of their paths.
///
/// Says how many other files lie in the folders; throws with status 66 for one without images.
func imageFiles(in arguments: [String]) throws(DataError) -> [String] {
  var result: [String] = []
  for argument in arguments {
    guard isFolder(argument) else {
      result.append(argument)
      continue
    }
    let files = filePaths(below: argument)
    let images = files.filter {
      imageEndings.contains(($0 as NSString).pathExtension.lowercased())
    }
    guard !images.isEmpty else {
      throw DataError(
        .missing, what: argument, why: "a folder without images",
        whatToDo: "give image files, or a folder that has some")
    }
    if images.count < files.count {
      tell("\(argument): \(files.count - images.count) files are no images and are left out")
    }
    result += images
  }
  return result
}

private let imageEndings: Set = ["jpg", "jpeg", "png"]

/// Files that are not hidden, nor in a hidden folder.
private func filePaths(below folder: String) -> [String] {
  let url = URL(fileURLWithPath: folder)
  guard
    let found = FileManager.default.enumerator(
      at: url, includingPropertiesForKeys: nil, options: [.skipsHiddenFiles])
  else { return [] }
  var result: [String] = []
  for case let file as URL in found where !isFolder(file.path) { result.append(file.path) }
  return result.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}
