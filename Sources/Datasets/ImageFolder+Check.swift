import Foundation

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
    let train = ImageReading(of: found.train)
    let test = ImageReading(of: found.test)
    let rows = rows(of: found.train, train) + rows(of: found.test, test)
    let problem = ImageReading.problem(
      of: [train, test], name: name.description,
      images: found.train.names.count + found.test.names.count)
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

  private static func rows(of files: ImageFiles, _ reading: ImageReading) -> [DatasetCheck.File] {
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
}
