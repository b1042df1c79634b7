import Autotuner
import Graph
import Models
import Training

/// The starts and batches that Traces/make_resnet_traces.py and make_plain_trace.py do not write into
/// files: numbers that follow from tensors' names.
struct GeneratedStart {
  /// The name that all tensors' names begin with.
  let key: String

  /// `count` numbers in [0, 1).
  private func numbers(_ name: String, count: Int) -> [Double] {
    let seed = "\(key)/\(name)".utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    var generator = ExampleGenerator(seed: seed)
    return (0..<count).map { _ in Double(generator.next() >> 40) * 0x1p-24 }
  }

  private func symmetric(_ name: String, count: Int, bound: Double) -> [Float] {
    numbers(name, count: count).map { Float((2 * $0 - 1) * bound) }
  }

  /// A parameter or running statistic, in the order of files.
  func values(of parameter: Parameter) -> [Float] {
    values(of: parameter, named: parameter.name)
  }

  /// The same of a tensor that another program calls otherwise.
  func values(of parameter: Parameter, named name: String) -> [Float] {
    let count = parameter.count
    switch parameter.layout {
    case .filter(let kernel, let inputs, _):
      let bound = (6 / Double(kernel * kernel * inputs)).squareRoot()
      return symmetric(name, count: count, bound: bound)
    case .matrix(_, let inputs):
      return symmetric(name, count: count, bound: 1 / Double(inputs).squareRoot())
    case .mapMatrix(_, let pixels, let channels):
      return symmetric(name, count: count, bound: 1 / Double(pixels * channels).squareRoot())
    case .vector:
      if name.hasSuffix(".weight") {
        return numbers(name, count: count).map { Float(0.2 + 0.6 * $0) }
      }
      return name.hasSuffix(".running_var")
        ? numbers(name, count: count).map { Float(0.5 + $0) }
        : symmetric(name, count: count, bound: 0.2)
    }
  }

  /// Images of variance 1, planar.
  func images(count: Int) -> [Float] {
    symmetric("images", count: count, bound: 3.0.squareRoot())
  }

  func labels(count: Int, classes: Int) -> [Int32] {
    numbers("labels", count: count).map { Int32($0 * Double(classes)) }
  }

  /// Writes init.safetensors and batches.safetensors beside a copy of a trace.json.
  func write(
    to folder: String, description: Trace.Description, of network: Network? = nil
  ) throws {
    let d = description
    let network =
      try network
      ?? d.model().network(
        image: ImageShape(height: d.size, width: d.size, channels: d.channels), classes: d.classes)
    var start = SafeTensors()
    for parameter in network.parameters + network.states {
      start.tensors[parameter.name] = SafeTensors.Tensor(
        values(of: parameter), shape: parameter.fileShape)
    }
    try start.write(to: folder + "/init.safetensors")
    var batches = SafeTensors()
    let size = d.channels * d.size * d.size
    batches.tensors["images"] = SafeTensors.Tensor(
      images(count: d.steps * d.batch * size),
      shape: [d.steps, d.batch, d.channels, d.size, d.size])
    batches.tensors["labels"] = SafeTensors.Tensor(
      labels(count: d.steps * d.batch, classes: d.classes), shape: [d.steps, d.batch])
    try batches.write(to: folder + "/batches.safetensors")
  }
}
