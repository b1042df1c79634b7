import ArgumentParser
import Datasets
import Foundation
import Training

struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Says what a checkpoint's network sees in image files.",
    discussion: """
      An image is prepared as the test images of the checkpoint's data set are. Photos, of a \
      network trained on folders: the short side becomes 256/224 of the network's size, the middle \
      is taken. For networks of small images, such as CIFAR-10's: the image is scaled until it \
      covers the size, and the middle is taken. Both bicubically; then it is made grey or \
      coloured, and normalised. docs/predict.md, installed as share/doc/widecl/predict.md, has \
      the same in Python. An image that cannot be read is named on standard error; the others are \
      answered all the same. Of a folder all images in it and in its folders are taken. Images are \
      turned upright as their cameras noted, unless --ignore-orientation is given or the \
      checkpoint's training did not.

      Example:
        widecl predict runs/first photo.jpg holiday/
      """)

  @Argument(help: ArgumentHelp(ChosenCheckpoint.help, valueName: "run-or-checkpoint"))
  var checkpoint: String
  @Argument(help: "JPEG, PNG, WebP, TIFF or BMP files, and folders of such.") var images: [String]
  @Option(parsing: .unconditional, help: "Show the N likeliest classes.") var top = 5
  @Option(
    parsing: .unconditional,
    help: "Images answered at once; by default as many as are given, 64 at most.")
  var batch: Int?
  @OptionGroup(title: "Images") var orientationOptions: OrientationOptions
  @OptionGroup(title: "Tuning") var tuningOptions: TuningOptions
  @OptionGroup(title: "Checks") var checkOptions: CheckOptions
  @OptionGroup(title: "Device") var deviceOptions: DeviceOptions
  @Flag(help: "Print JSON.") var json = false

  struct Answer: Encodable {
    var name: String
    /// The class, from 0.
    var label: Int
    var probability: Double
  }

  struct Result: Encodable {
    var image: String
    /// Nil for an image that cannot be read.
    var classes: [Answer]?
    var error: String?
  }

  func validate() throws {
    if top < 1 { throw ValidationError("--top must be at least 1") }
    if let batch, !(1...100_000).contains(batch) {
      throw ValidationError("--batch must be 1 to 100000")
    }
  }

  func run() throws {
    let chosen = try ChosenCheckpoint(checkpoint, orientation: orientationOptions.orientation)
    let orientation = chosen.checkpoint.header.orientation ?? .ignored
    let images = try files()
    let input = try chosen.checkpoint.header.imageInput(file: chosen.path)
    let names = chosen.checkpoint.header.printableClassNames
    let context = try deviceOptions.makeContext()
    let predictor = try Predictor(
      chosen.checkpoint, file: chosen.path, batch: batch ?? usualBatch(of: images.count),
      context: context,
      chooser: tuningOptions.chooser(for: context), checks: checkOptions.checks())
    var results: [Result] = []
    var firstFailure: DataError?
    for start in stride(from: 0, to: images.count, by: predictor.batch) {
      let part = images[start..<min(start + predictor.batch, images.count)]
      var inputs: [[Float]] = []
      let failures = part.map { path -> DataError? in
        do throws(DataError) {
          inputs.append(input.values(from: try decode(path, orientation)))
          return nil
        } catch {
          return error
        }
      }
      var answers = try predictor.answers(to: inputs, top: top)[...]
      for (path, failure) in zip(part, failures) {
        let classes =
          failure == nil
          ? answers.popFirst()?.map {
            Answer(name: names[$0.label], label: $0.label, probability: $0.probability)
          } : nil
        let result = Result(image: "\(path)", classes: classes, error: failure?.why)
        if json { results.append(result) } else { show(result) }
        if let failure { tell("widecl: \(failure)") }
        firstFailure = firstFailure ?? failure
      }
    }
    if json { try printJSON(results) }
    if let firstFailure { throw ExitCode(firstFailure.exitStatus) }
  }

  /// A power of two: few sizes, so that compiled kernels are found again.
  private func usualBatch(of images: Int) -> Int {
    var batch = 1
    while batch < min(images, 64) { batch *= 2 }
    return batch
  }

  /// The images that are asked for; says what lies beside those of folders.
  private func files() throws(DataError) -> [FilePath] {
    var files: [FilePath] = []
    for path in images {
      guard let folder = try ImageFolder.Images(in: path) else {
        files.append(FilePath(path))
        continue
      }
      files += folder.files
      if !folder.unused.isEmpty { tell(folder.unused.line(of: path)) }
    }
    return files
  }

  private func decode(
    _ path: FilePath, _ orientation: OrientationHandling
  ) throws(DataError) -> ImageFile {
    do throws(DataError) {
      return try ImageFile.decode(contentsOf: path, orientation: orientation)
    } catch {
      throw DataError(
        error.category, what: "\(path)", why: error.why,
        whatToDo: "give a whole JPEG, PNG, WebP, TIFF or BMP image")
    }
  }

  private func show(_ result: Result) {
    guard let classes = result.classes else { return }
    print(Failure.printable(result.image))
    for answer in classes {
      print(String(format: "  %6.2f %%  ", 100 * answer.probability) + answer.name)
    }
  }
}
