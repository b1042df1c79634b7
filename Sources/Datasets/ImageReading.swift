import Dispatch
import Synchronization

/// What a reading of image files found, before anything is done with the images.
struct ImageReading {
  /// What is wrong with a file, by its index.
  private(set) var problems: [Int: DataError] = [:]
  /// Of the images that were decoded; nil where there are none.
  private(set) var sizes: DatasetCheck.ImageSizes?

  /// Decodes every `stride`-th file and reads the headers of the others, on all cores; `report` is
  /// called after each.
  init(
    of files: ImageFiles, decodingEvery stride: Int = 1, report: @Sendable () -> Void = {}
  ) {
    let found = Mutex(Self())
    DispatchQueue.concurrentPerform(iterations: files.names.count) { index in
      do throws(DataError) {
        if index.isMultiple(of: stride) {
          let size = DatasetCheck.ImageSizes(try files.decode(index))
          found.withLock { $0.sizes = $0.sizes?.united(with: size) ?? size }
        } else {
          try ImageFile.checkHeader(of: files[index])
        }
      } catch {
        found.withLock { $0.problems[index] = error }
      }
      report()
    }
    self = found.withLock { $0 }
  }

  private init() {}

  /// The problems of several readings as one, in the files' order; nil where there are none.
  static func problem(of readings: [ImageReading], name: String, images: Int) -> DataError? {
    let problems = readings.flatMap { reading in
      reading.problems.sorted { $0.key < $1.key }.map(\.value)
    }
    guard let first = problems.first, problems.count > 1 else { return problems.first }
    return DataError(
      first.category, what: name,
      why: "\(problems.count) of \(images) images cannot be used: " + DataError.listed(problems),
      whatToDo: "replace them with intact JPEG, PNG, WebP, TIFF or BMP files, or remove them")
  }
}

extension Dataset {
  /// Image files of so many bytes are all decoded to check them: JPEG and PNG take two cores ten
  /// seconds, WebP takes them forty.
  package static let decodedBytes = 1 << 30

  /// Reads the image files of the test images and, with `training`, of those to train on: a broken
  /// one is known before anything else takes time.
  ///
  /// Of more than `decodedBytes` every k-th file is decoded, evenly, and of the others the header is
  /// read; `note` is told so. `progress` gets the numbers of files that are read and of all, from
  /// any thread. Images in memory need no check. Throws `malformed` or `missing`, one error about
  /// all files.
  package func checkFiles(
    training: Bool, decodedBytes: Int = decodedBytes, note: (String) -> Void,
    progress: @Sendable (_ done: Int, _ count: Int) -> Void
  ) throws(DataError) {
    // Whichever way up they are.
    let data = handling(.ignored)
    let splits = [training ? data.train.files : nil, data.test.files].compactMap(\.self)
    let count = splits.reduce(0) { $0 + $1.names.count }
    let stride = (splits.reduce(0) { $0 + $1.bytes } + decodedBytes - 1) / decodedBytes
    if stride > 1 {
      note(
        "\(name): the headers of all \(count) images are read, and one in \(stride) is decoded; "
          + "'widecl data check' decodes them all")
    }
    let done = Atomic(0)
    let readings = splits.map { files in
      ImageReading(of: files, decodingEvery: max(1, stride)) {
        progress(done.add(1, ordering: .relaxed).newValue, count)
      }
    }
    if let problem = ImageReading.problem(of: readings, name: name, images: count) { throw problem }
  }
}

extension DatasetCheck.ImageSizes {
  fileprivate init(_ image: ImageFile) {
    height = image.height...image.height
    width = image.width...image.width
    channels = image.channels...image.channels
  }

  /// The sizes that cover these and others.
  func united(with other: Self) -> Self {
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
