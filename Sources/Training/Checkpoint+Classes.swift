import Datasets
import Graph

extension Checkpoint.Header {
  /// What the network's labels mean; `file` names the checkpoint in errors.
  func knownClasses(file: String) -> KnownClasses {
    KnownClasses(names: classNames, count: classes, data: data, file: file)
  }

  /// The data set where the network takes its images, with its labels as the network means them.
  ///
  /// `map` names the classes that are called otherwise; `note` is told what is mapped. Throws with
  /// status 65 for other images or classes; `file` names the checkpoint in errors.
  package func fitted(
    _ data: Dataset, by map: ClassMap? = nil, file: String, note: (String) -> Void = { _ in }
  ) throws(TrainingError) -> Dataset {
    let image = ImageShape(of: data.test)
    guard image == self.image, data.classes == classes || map != nil else {
      throw TrainingError(
        .badData, file,
        why: "it was trained on \(self.image) with \(classes) classes, \(data.name) has "
          + "\(image) with \(data.classes)",
        advice: "give the data set it was trained on, \(self.data)")
    }
    return try knownClasses(file: file).matched(data, by: map, note: note)
  }
}
