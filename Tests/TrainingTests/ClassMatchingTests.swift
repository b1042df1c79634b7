import Datasets
import Foundation
import Graph
import Models
import Testing

@testable import Training

/// Labels go by the names of the classes.
@Suite(.serialized)
struct ClassMatchingTests {
  /// The small run's data with other names, its labels moved to where `order` says.
  private func data(_ names: [String], order: [Int32] = [0, 1, 2, 3]) throws -> Dataset {
    let all = try TinyRun().data
    func split(_ images: LabeledImages) -> LabeledImages {
      LabeledImages(
        height: images.height, width: images.width, channels: images.channels,
        images: images.images, labels: images.labels.map { order[Int($0)] })
    }
    return Dataset(
      name: "other", classNames: names, train: split(all.train), test: split(all.test),
      mean: all.mean, standardDeviation: all.standardDeviation)
  }

  private let usual = ["class 0", "class 1", "class 2", "class 3"]

  private func known(_ names: [String]?) -> KnownClasses {
    KnownClasses(names: names, count: 4, data: "own", file: "net")
  }

  private func map(_ text: String) throws -> ClassMap {
    try ClassMap(decoding: Array(text.utf8), file: "map")
  }

  @Test func theSameNamesInTheSameOrderAreAsTheyWere() throws {
    var notes: [String] = []
    let data = try data(usual)
    let matched = try known(usual).matched(data) { notes.append($0) }
    #expect(matched.test == data.test && matched.train == data.train && notes.isEmpty)
  }

  @Test func anotherOrderIsMappedAndSaid() throws {
    var notes: [String] = []
    let names = ["class 2", "class 0", "class 3", "class 1"]
    let shuffled = try data(names, order: [1, 3, 0, 2])
    let matched = try known(usual).matched(shuffled) { notes.append($0) }
    #expect(matched.classNames == usual)
    #expect(try matched.test == data(usual).test && matched.train == data(usual).train)
    #expect(matched.prefix(5).test.labels == Array(matched.test.labels.prefix(5)))
    #expect(
      notes == ["the classes of other are matched with those of net by name: their order differs"])
  }

  @Test(arguments: [
    (["class 0", "b", "class 2", "class 3"], "it has a class 'class 1', other has 'b'"),
    (["a", "b", "c", "d"], "it has a class 'class 0', other has 'a'"),
    (
      ["class 0", "class 0", "class 2", "class 3"], "it has a class 'class 1', which other has not"
    ),
  ])
  func theFirstDifferenceIsNamed(names: [String], why: String) throws {
    let data = try data(names)
    let error = #expect(throws: TrainingError.self) { try known(usual).matched(data) }
    #expect(error?.exitStatus == 65 && error?.why == why, "\(error?.why ?? "")")
    #expect(error?.advice.contains("own") == true && error?.advice.contains("--class-map") == true)
  }

  @Test func composedAndDecomposedNamesAreTheSame() throws {
    let composed = ["caf\u{e9}", "b", "c", "d"]
    let decomposed = ["b", "cafe\u{301}", "c", "d"]
    let matched = try known(composed).matched(data(decomposed, order: [1, 0, 2, 3]))
    #expect(try matched.test == data(composed).test)
  }

  @Test func withoutNamesNothingIsComparedWhichIsSaid() throws {
    var notes: [String] = []
    let data = try data(["a", "b", "c", "d"])
    #expect(try known(nil).matched(data, note: { notes.append($0) }).test == data.test)
    #expect(notes.count == 1 && notes[0].contains("net has no class names"))
    let error = #expect(throws: TrainingError.self) {
      try known(nil).matched(data, by: map("a = b"))
    }
    #expect(error?.exitStatus == 65)
  }

  @Test(arguments: [
    "# birds\na = class 1\n\nb=class 0\n", #"{"a": "class 1", "b": "class 0"}"#,
    "\r\n  a =  class 1 \r\nb = class 0",
  ])
  func aMapNamesTheRest(text: String) throws {
    var notes: [String] = []
    let named = try data(["a", "b", "class 2", "class 3"], order: [1, 0, 2, 3])
    let matched = try known(usual).matched(named, by: map(text)) { notes.append($0) }
    #expect(try matched.test == data(usual).test && matched.classNames == usual)
    #expect(notes.count == 1 && notes[0].hasSuffix("2 of them by map"))
  }

  /// Several classes may be one of the checkpoint, and some of its may be missing.
  @Test func aMapMayJoinClasses() throws {
    let named = try data(["a", "b", "c", "d"])
    let matched = try known(usual).matched(
      named, by: map("a = class 1\nb = class 1\nc = class 1\nd = class 0"))
    #expect(Set(matched.test.labels) == [0, 1])
  }

  @Test(arguments: [
    ("a = class 9", "net has no class 'class 9'"), ("z = class 1", "other has no class 'z'"),
    ("a = class 1", "it has no class 'b', which other has"), ("a class 1", "line 1 has no '='"),
    ("a =", "line 1 lacks a name"), ("a = b\n\na = c", "line 3 names 'a' again"),
    ("", "it names no class"), ("{}", "it names no class"), ("{\"a\": 1}", "no JSON object"),
  ])
  func aWrongMapIsRefused(text: String, why: String) throws {
    let named = try data(["a", "b", "class 2", "class 3"])
    let error = #expect(throws: TrainingError.self) {
      try known(usual).matched(named, by: map(text))
    }
    #expect(error?.exitStatus == 65 && error?.why.contains(why) == true, "\(error?.why ?? "")")
  }

  /// The metrics of a run's checkpoint on its own data under another order of the classes.
  @Test func metricsAreThoseOfTheNames() throws {
    let folder = try TemporaryFolder()
    var tiny = try TinyRun()
    tiny.recipe.epochs = 1
    #expect(try tiny.run(in: folder).finishes())
    let checkpoint = try Checkpoint(contentsOf: folder.file("checkpoint-last.safetensors"))
    let context = try TinyRun.context.get()
    func metrics(_ data: Dataset) throws -> Metrics {
      try checkpoint.evaluate(on: data, file: "net", batch: 17, context: context)
    }
    let names = ["class 2", "class 0", "class 3", "class 1"]
    let (own, other) = (
      try metrics(tiny.data), try metrics(data(names, order: [1, 3, 0, 2]))
    )
    #expect(own.error == other.error && own.loss == other.loss && own.images == other.images)
    #expect(throws: TrainingError.self) { try metrics(data(["a", "b", "c", "d"])) }

    // A run does not go on with other classes, and does with them in another order.
    tiny.recipe.epochs = 2
    var foreign = tiny
    foreign.data = try renamed(data(["a", "b", "c", "d"]), tiny.data.name)
    let error = #expect(throws: TrainingError.self) {
      _ = try foreign.run(in: folder, resume: true)
    }
    #expect(
      error?.exitStatus == 65
        && error?.why.contains("another classes (it has a class 'class 0'") == true,
      "\(error?.why ?? "")")
    tiny.data = try renamed(data(names, order: [1, 3, 0, 2]), tiny.data.name)
    let whole = try TemporaryFolder()
    #expect(try tiny.run(in: folder, resume: true).finishes())
    var plain = try TinyRun()
    plain.recipe.epochs = 2
    #expect(try plain.run(in: whole).finishes())
    #expect(
      try folder.contents["checkpoint-last.safetensors"]
        == whole.contents["checkpoint-last.safetensors"])
  }

  private func renamed(_ data: Dataset, _ name: String) -> Dataset {
    Dataset(
      name: name, classNames: data.classNames, train: data.train, test: data.test,
      mean: data.mean, standardDeviation: data.standardDeviation)
  }
}
