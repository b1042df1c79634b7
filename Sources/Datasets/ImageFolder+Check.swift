import Dispatch
import Foundation
import Synchronization

extension ImageFolder {
  /// Decodes every image of `folder`: a row for each class's folder and for each file that is
  /// broken.
  package static func check(
    _ name: DatasetName, at folder: URL, heldOut: HeldOut = .usual
  ) -> DatasetCheck {
    let found: ImageFolder
    do throws(DataError) {
      found = try ImageFolder(folder, heldOut: name.mayHoldOut ? heldOut : nil)
    } catch {
      return DatasetCheck(
        name: name.description, folder: folder.path, files: [], problem: error)
    }
    let train = Reading(of: found.train)
    let test = Reading(of: found.test)
    let rows = rows(of: found.train, train) + rows(of: found.test, test)
    let problem = rows.compactMap(\.problem).first
    func histogram(_ files: ImageFiles) -> [Int] {
      problem == nil
        ? LabeledImages(files: files, size: 1).histogram(classes: found.classNames.count) : []
    }
    var check = DatasetCheck(
      name: name.description, folder: folder.path, files: rows, problem: problem)
    check.classNames = found.classNames
    check.imageSizes =
      train.sizes.map { sizes in test.sizes.map(sizes.united) ?? sizes } ?? test.sizes
    check.trainHistogram = histogram(found.train)
    check.testHistogram = histogram(found.test)
    check.unused = found.unused.isEmpty ? nil : found.unused
    check.heldOut = found.heldOut
    if problem == nil {
      check.shortage = name.shortage(
        in: folder, train: found.train.labels.count, test: found.test.labels.count,
        classes: found.classNames.count)
    }
    return check
  }

  private static func rows(of files: ImageFiles, _ reading: Reading) -> [DatasetCheck.File] {
    let problems = reading.problems
    var rows: [DatasetCheck.File] = []
    for (label, folder) in files.classFolders.enumerated() {
      let indices = files.labels.indices.filter { Int(files.labels[$0]) == label }
      if indices.isEmpty { continue }
      let broken = indices.compactMap { index in
        problems[index].map {
          DatasetCheck.File(path: "\(files[index])", bytes: nil, count: nil, problem: $0)
        }
      }
      rows.append(
        DatasetCheck.File(
          path: "\(files.root.appending(folder))", bytes: nil,
          count: indices.count - broken.count, problem: nil))
      rows += broken
    }
    return rows
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
          let image = try files.decode(index)
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
