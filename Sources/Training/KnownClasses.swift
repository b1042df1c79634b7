import Datasets

/// The classes that a network's labels stand for.
///
/// A data set's labels are matched by the classes' names, never by their places. Strings that are
/// canonically equivalent, such as a name in NFC and in NFD, are equal in Swift.
struct KnownClasses {
  /// The name of each class; nil where a file does not tell.
  var names: [String]?
  var count: Int
  /// The data set they come from; nil where a file does not tell.
  var data: String?
  /// Where they stand, for errors.
  var file: String

  /// The data set with its labels as the network means them.
  ///
  /// Classes of the same names in another order are mapped, which `note` is told; `map` names
  /// those that are called otherwise. Throws with status 65 where a class of either is not among
  /// the other's.
  func matched(
    _ data: Dataset, by map: ClassMap? = nil, note: (String) -> Void = { _ in }
  ) throws(TrainingError) -> Dataset {
    guard let names else {
      guard data.classes == count, map == nil else {
        throw unfit("it has \(count) classes without names, \(data.name) has \(data.classes)")
      }
      note("\(file) has no class names: its labels and those of \(data.name) are not compared")
      return data
    }
    if map == nil && names == data.classNames { return data }
    if let map {
      try check(map, of: data, names: names)
    } else if let difference = difference(from: data) {
      throw unfit(difference)
    }
    let places = Dictionary(
      names.indices.map { (names[$0], Int32($0)) }, uniquingKeysWith: { first, _ in first })
    var labels: [Int32] = []
    for name in data.classNames {
      guard let place = places[map?.names[name] ?? name] else {
        throw unfit("it has no class '\(name.prefix(60))', which \(data.name) has")
      }
      labels.append(place)
    }
    let renamed = map.map { map in data.classNames.count { map.names[$0] != nil } } ?? 0
    note(
      "the classes of \(data.name) are matched with those of \(file) by name"
        + (map.map { ", \(renamed) of them by \($0.file)" } ?? ": their order differs"))
    return data.relabelled(labels, as: names)
  }

  /// How the names differ, in words; nil where they are the same in whatever order, or unknown.
  func difference(from data: Dataset) -> String? {
    guard let names, names != data.classNames else { return nil }
    let (own, others) = (Set(names), Set(data.classNames))
    let unknown = data.classNames.first { !own.contains($0) }
    let missing = names.first { !others.contains($0) }
    switch (unknown, missing) {
    case (let unknown?, let missing?):
      return "it has a class '\(missing.prefix(60))', \(data.name) has '\(unknown.prefix(60))'"
    case (let unknown?, nil):
      return "it has no class '\(unknown.prefix(60))', which \(data.name) has"
    case (nil, let missing?):
      return "it has a class '\(missing.prefix(60))', which \(data.name) has not"
    case (nil, nil):
      return own.count == names.count && others.count == data.classes
        ? nil : "two classes have the same name"
    }
  }

  /// Throws where a map names a class that is not there.
  private func check(
    _ map: ClassMap, of data: Dataset, names: [String]
  ) throws(TrainingError) {
    let (own, others) = (Set(names), Set(data.classNames))
    for (name, other) in map.names.sorted(by: { $0.key < $1.key }) {
      if others.contains(name) && own.contains(other) { continue }
      let (wrong, owner) = others.contains(name) ? (other, file) : (name, data.name)
      throw TrainingError(
        .badData, map.file, why: "\(owner) has no class '\(wrong.prefix(60))'",
        advice: "write a line 'data-name = checkpoint-name' with names of both")
    }
  }

  private func unfit(_ why: String) -> TrainingError {
    TrainingError(
      .badData, file, why: why,
      advice: "give the data set it was trained on\(data.map { ", \($0)," } ?? "") or tell with "
        + "--class-map FILE which class is which")
  }
}
