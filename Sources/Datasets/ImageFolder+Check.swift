import Dispatch
import Foundation
import Synchronization

extension ImageFolder {
  /// Decodes every image of `folder`: a row for each class's folder, for each file that is broken
  /// and for each that is not taken for an image.
  package static func check(_ name: DatasetName, at folder: URL) -> DatasetCheck {
    let found: ImageFolder
    do throws(DataError) {
      found = try ImageFolder(folder)
    } catch {
      return DatasetCheck(
        name: name.description, folder: folder.path, files: [], trainHistogram: [],
        testHistogram: [], problem: error)
    }
    let rows = rows(of: found.train) + rows(of: found.test)
    let problem = rows.compactMap(\.problem).first
    func histogram(_ split: Split) -> [Int] {
      problem == nil
        ? LabeledImages(files: split.files, size: 1).histogram(classes: found.classNames.count)
        : []
    }
    return DatasetCheck(
      name: name.description, folder: folder.path, files: rows,
      trainHistogram: histogram(found.train), testHistogram: histogram(found.test),
      problem: problem)
  }

  private static func rows(of split: Split) -> [DatasetCheck.File] {
    let files = split.files
    let problems = problems(of: files)
    var rows: [DatasetCheck.File] = []
    for (label, folder) in files.classFolders.enumerated() {
      let indices = files.labels.indices.filter { Int(files.labels[$0]) == label }
      if indices.isEmpty { continue }
      let broken = indices.compactMap { index in
        problems[index].map {
          DatasetCheck.File(path: files[index].path, bytes: nil, count: nil, problem: $0)
        }
      }
      rows.append(
        DatasetCheck.File(
          path: files.root.appendingPathComponent(folder).path, bytes: nil,
          count: indices.count - broken.count, problem: nil))
      rows += broken
    }
    return rows
      + split.others.map {
        DatasetCheck.File(path: $0.path, bytes: nil, count: 0, problem: nil)
      }
  }

  /// What is wrong with a file, by its index.
  private static func problems(of files: ImageFiles) -> [Int: DataError] {
    let problems = Mutex<[Int: DataError]>([:])
    DispatchQueue.concurrentPerform(iterations: files.names.count) { index in
      do throws(DataError) {
        _ = try ImageFile.decode(contentsOf: files[index])
      } catch {
        problems.withLock { $0[index] = error }
      }
    }
    return problems.withLock { $0 }
  }
}
