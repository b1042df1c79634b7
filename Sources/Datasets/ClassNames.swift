/// The names of the classes, in the order of the labels.
enum ClassNames {
  static let digits = (0..<10).map { String($0) }

  static func numbered(_ count: Int) -> [String] { (0..<count).map { "class \($0)" } }

  static let fashionMNIST = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
    "Ankle boot",
  ]

  static let cifar10 = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ]

  static let cifar100 = """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus \
    butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch \
    crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo \
    keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse \
    mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy \
    porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper \
    snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television \
    tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm
    """.split(separator: " ").map(String.init)
}

extension DatasetName {
  /// The name of each class, `[classes]`, where no file need be asked.
  public var classNames: [String]? {
    switch self {
    case .fashionMNIST: ClassNames.fashionMNIST
    case .mnist, .svhn: ClassNames.digits
    case .cifar10: ClassNames.cifar10
    case .cifar100: ClassNames.cifar100
    case .synthetic(let size): ClassNames.numbered(size.classes)
    case .imagenet, .folder: nil
    }
  }

  /// The mean and the standard deviation of each channel, `[C]`, in bytes 0...255; nil where the
  /// images must be there to know them.
  public var normalization: (mean: [Float], standardDeviation: [Float])? {
    if case .synthetic = self { return nil }
    return (DatasetFiles.mean(of: self), DatasetFiles.standardDeviation(of: self))
  }
}
