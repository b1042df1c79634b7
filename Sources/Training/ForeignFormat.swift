/// Formats of weights that are recognised and not read.
enum ForeignFormat {
  /// PyTorch's: a zip archive or, of before version 1.6, pickles one behind another.
  case torch
  /// HDF5, of Keras.
  case hdf5

  /// By a file's first 8 bytes; nil for others.
  init?(of start: [UInt8]) {
    // A safetensors file begins with its header's length, whose upper half is 0.
    guard start.count == 8, start[4...].contains(where: { $0 != 0 }) else { return nil }
    if start.starts(with: Array("PK\u{3}\u{4}".utf8)) {
      self = .torch
    } else if start[0] == 0x80, (2...5).contains(start[1]),
      [0x8A, 0x7D, 0x63, 0x95, 0x28, 0x5D].contains(start[2])
    {
      // PROTO, then LONG1, EMPTY_DICT, GLOBAL, FRAME, MARK or EMPTY_LIST.
      self = .torch
    } else if start.starts(with: [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .hdf5
    } else {
      return nil
    }
  }

  /// The error about a file, which has status 65.
  func problem(name: String) -> TrainingError {
    let file = String(name.split(separator: "/").last ?? "model.pth").suffix(80)
    let stem = file.split(separator: ".").first ?? "model"
    switch self {
    case .torch:
      return TrainingError(
        .badData, name,
        why: "it is a zip archive or a pickle, as torch.save writes; pickles may hold programs",
        advice: "make it safetensors in Python: "
          + "import torch; from safetensors.torch import save_file; "
          + "save_file({k: v.contiguous() for k, v in torch.load('\(file)', "
          + "weights_only=True).items()}, '\(stem).safetensors')")
    case .hdf5:
      return TrainingError(
        .badData, name, why: "it is an HDF5 file", advice: "give weights as safetensors")
    }
  }
}
