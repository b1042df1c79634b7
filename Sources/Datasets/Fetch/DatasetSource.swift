/// A file that the authors of a data set publish.
struct RemoteFile: Sendable, Hashable {
  let name: String
  /// In bytes.
  let size: Int
  /// 64 hexadecimal digits.
  let sha256: String
}

/// Where the files of a data set can be downloaded.
struct DatasetSource: Sendable {
  let files: [RemoteFile]
  /// URLs of folders with all files, ending in a slash, in the order to try them.
  let folders: [String]
  /// What the one file, an archive, unpacks to; nil for files that are used as they are.
  var archive: Archive.Content?

  /// The source of `name`; nil for data that is not downloaded.
  ///
  /// Sizes and sums are those in the catalogue of TensorFlow Datasets.
  init?(_ name: DatasetName) {
    switch name {
    case .fashionMNIST: self = .fashionMNIST
    case .mnist: self = .mnist
    case .cifar10: self = .cifar10
    case .cifar100: self = .cifar100
    case .svhn: self = .svhn
    case .kmnist: self = .kmnist
    case .imagenet, .folder, .qmnist, .emnist, .npz, .synthetic: return nil
    }
  }

  init(files: [RemoteFile], folders: [String], archive: Archive.Content? = nil) {
    precondition(archive == nil || files.count == 1, "an archive is the only file")
    self.files = files
    self.folders = folders
    self.archive = archive
  }

  private static let fashionMNIST = DatasetSource(
    files: [
      RemoteFile(
        name: "train-images-idx3-ubyte.gz", size: 26_421_880,
        sha256: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
      RemoteFile(
        name: "train-labels-idx1-ubyte.gz", size: 29_515,
        sha256: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
      RemoteFile(
        name: "t10k-images-idx3-ubyte.gz", size: 4_422_102,
        sha256: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
      RemoteFile(
        name: "t10k-labels-idx1-ubyte.gz", size: 5_148,
        sha256: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ],
    folders: [
      "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
      "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ])

  private static let mnist = DatasetSource(
    files: [
      RemoteFile(
        name: "train-images-idx3-ubyte.gz", size: 9_912_422,
        sha256: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
      RemoteFile(
        name: "train-labels-idx1-ubyte.gz", size: 28_881,
        sha256: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
      RemoteFile(
        name: "t10k-images-idx3-ubyte.gz", size: 1_648_877,
        sha256: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
      RemoteFile(
        name: "t10k-labels-idx1-ubyte.gz", size: 4_542,
        sha256: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    ],
    folders: [
      "https://storage.googleapis.com/cvdf-datasets/mnist/",
      "https://ossci-datasets.s3.amazonaws.com/mnist/",
      "http://yann.lecun.com/exdb/mnist/",
    ])

  private static let kmnist = DatasetSource(
    files: [
      RemoteFile(
        name: "train-images-idx3-ubyte.gz", size: 18_165_135,
        sha256: "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"),
      RemoteFile(
        name: "train-labels-idx1-ubyte.gz", size: 29_497,
        sha256: "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"),
      RemoteFile(
        name: "t10k-images-idx3-ubyte.gz", size: 3_041_136,
        sha256: "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"),
      RemoteFile(
        name: "t10k-labels-idx1-ubyte.gz", size: 5_120,
        sha256: "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"),
    ],
    folders: ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"])

  private static let cifar10 = DatasetSource(
    files: [
      RemoteFile(
        name: "cifar-10-binary.tar.gz", size: 170_052_171,
        sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd")
    ],
    folders: ["https://www.cs.toronto.edu/~kriz/", mindSpore],
    archive: Archive.Content(folder: "cifar-10-batches-bin", entries: 100, bytes: 256 << 20))

  private static let cifar100 = DatasetSource(
    files: [
      RemoteFile(
        name: "cifar-100-binary.tar.gz", size: 168_513_733,
        sha256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec")
    ],
    folders: ["https://www.cs.toronto.edu/~kriz/", mindSpore],
    archive: Archive.Content(folder: "cifar-100-binary", entries: 100, bytes: 256 << 20))

  private static let mindSpore =
    "https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/"

  private static let svhn = DatasetSource(
    files: [
      RemoteFile(
        name: "train_32x32.mat", size: 182_040_794,
        sha256: "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8"),
      RemoteFile(
        name: "test_32x32.mat", size: 64_275_384,
        sha256: "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b"),
      RemoteFile(
        name: "extra_32x32.mat", size: 1_329_278_602,
        sha256: "a133a4beb38a00fcdda90c9489e0c04f900b660ce8a316a5e854838379a71eb3"),
    ],
    folders: ["http://ufldl.stanford.edu/housenumbers/"])
}
