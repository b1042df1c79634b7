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
        name: name.description, folder: folder.path, files: [], imageSizes: nil,
        trainHistogram: [], testHistogram: [], problem: error, shortage: nil)
    }
    let train = Reading(of: found.train.files)
    let test = Reading(of: found.test.files)
    let rows = rows(of: found.train, train) + rows(of: found.test, test)
    let problem = rows.compactMap(\.problem).first
    func histogram(_ split: Split) -> [Int] {
      problem == nil
        ? LabeledImages(files: split.files, size: 1).histogram(classes: found.classNames.count)
        : []
    }
    return DatasetCheck(
      name: name.description, folder: folder.path, files: rows,
      imageSizes: train.sizes.map { sizes in test.sizes.map(sizes.united) ?? sizes } ?? test.sizes,
      trainHistogram: histogram(found.train), testHistogram: histogram(found.test),
      problem: problem,
      shortage: problem == nil
        ? name.shortage(
          in: folder, train: found.train.files.labels.count, test: found.test.files.labels.count,
          classes: found.classNames.count) : nil)
  }

  private static func rows(of split: Split, _ reading: Reading) -> [DatasetCheck.File] {
    let files = split.files
    let problems = reading.problems
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

  /// What the decoding of every file of a split found.
  private struct Reading {
    /// What is wrong with a file, by its index.
    private(set) var problems: [Int: DataError] = [:]
    private(set) var sizes: DatasetCheck.ImageSizes?

    init(of files: ImageFiles) {
      let found = Mutex(Self())
      DispatchQueue.concurrentPerform(iterations: files.names.count) { index in
        do throws(DataError) {
          let image = try ImageFile.decode(contentsOf: files[index])
          let size = DatasetCheck.ImageSizes(image)
          found.withLock { $0.sizes = $0.sizes?.united(with: size) ?? size }
        } catch {
          found.withLock { $0.problems[index] = error }
        }
      }
      self = found.withLock { $0 }
    }

    private init() {}
  }
}

extension DatasetCheck.ImageSizes {
  fileprivate init(_ image: ImageFile) {
    height = image.height...image.height
    width = image.width...image.width
    channels = image.channels...image.channels
  }

  /// The sizes that cover these and others.
  fileprivate func united(with other: Self) -> Self {
    func both(_ range: (Self) -> ClosedRange<Int>) -> ClosedRange<Int> {
      let (a, b) = (range(self), range(other))
      return min(a.lowerBound, b.lowerBound)...max(a.upperBound, b.upperBound)
    }
    var sizes = self
    sizes.height = both(\.height)
    sizes.width = both(\.width)
    sizes.channels = both(\.channels)
    return sizes
  }
}
