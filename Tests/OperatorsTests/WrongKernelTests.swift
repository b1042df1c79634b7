import Autotuner
import DeviceRuntime
import Operators
import TestSupport
import Testing

/// Changes inside of kernels, such as a compiler's fault makes, are found at use.
@Suite(.serialized)
struct WrongKernelTests {
  private static let seed = TestSeed.value(for: "changes in kernels")

  /// A number below `bound` that the seed draws for a test.
  private func drawn(_ test: UInt64, below bound: Int) -> Int {
    var generator = ExampleGenerator(seed: Self.seed &* 100 &+ test)
    return Int.random(in: 0..<bound, using: &generator)
  }

  /// Expects that the first candidate whose text contains `part` is right as it is and wrong where
  /// `text` in its kernel is replaced.
  private func expectFound<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem, configuration part: String = "",
    in file: String, replacing text: String, with replacement: String
  ) throws {
    let test = try TestDevice()
    let configuration = try #require(
      Operation.candidates(for: problem, on: test.context.info).first {
        part.isEmpty || $0.description.contains(part)
      })
    let right = try BoundCheck(queue: test.queue).failure(operation, problem, configuration)
    #expect(right == nil, "\(right ?? "")")
    let kernels = try PatchedKernels(file, replacing: text, with: replacement)
    let queue = try test.manager.makeContext(
      on: test.context.device, kernels: KernelLibrary(directory: kernels.url)
    ).makeQueue()
    let failure = try BoundCheck(queue: queue).failure(operation, problem, configuration)
    #expect(failure != nil, "seed \(Self.seed): \(configuration), \(replacement)")
  }

  private let filter = Conv2DShape(
    batch: 64, inHeight: 28, inWidth: 28, inChannels: 16, outChannels: 16, kernel: 3)

  @Test("an image that a filter's gradient leaves out")
  func imageLeftOut() throws {
    let image = drawn(1, below: filter.batch)
    for normalization in [nil, InputNormalization(inference: false, dropout: 0)] {
      try expectFound(
        Conv2DBackwardFilter.self, .init(shape: filter, normalization: normalization),
        configuration: "tile_", in: "conv2d/conv2d_backward_filter_tile.cl",
        replacing: "image < last; image++) {",
        with: "image < last; image++) {\n if (image == \(image)) continue;")
    }
  }

  @Test("the last tile of a chunk that a filter's gradient by Winograd leaves out")
  func tileLeftOut() throws {
    try expectFound(
      Conv2DBackwardFilter.self, .init(shape: filter), configuration: "winograd4",
      in: "conv2d/batched_product_transposed_tile.cl", replacing: "row < ROWS; row++",
      with: "row < ROWS - 1; row++")
  }

  @Test("the last column at the edge of a stride of 2")
  func strideEdge() throws {
    let shape = Conv2DShape(
      batch: 16, inHeight: 28, inWidth: 28, inChannels: 16, outChannels: 32, kernel: 3, stride: 2)
    try expectFound(
      Conv2DForward.self, .init(shape: shape), configuration: "tile_",
      in: "conv2d/conv2d_forward_tile.cl", replacing: "column < IN_W;",
      with: "column < IN_W - (STRIDE == 2 && row == \(drawn(2, below: 27)));")
  }

  @Test("the variance of a vector of channels")
  func variance() throws {
    let channel = 16 * drawn(3, below: 40)
    try expectFound(
      BatchNormStatistics.self, .init(rows: 32 * 64, channels: 640),
      in: "batchnorm/batchnorm_statistics.cl",
      replacing: "blockSquares[n] += deviation * deviation;",
      with: """
        blockSquares[n] +=
            deviation * deviation * (channel + n * VEC == \(channel) ? 0.98f : 1.0f);
        """)
  }

  @Test("Nesterov's second step")
  func secondStep() throws {
    try expectFound(
      SGD.self, .init(count: 174_976, momentum: 0.9, nesterov: true, weightDecay: 5e-4),
      in: "sgd/sgd.cl", replacing: "gradient + MOMENTUM * velocity",
      with: "gradient + (firstStep ? MOMENTUM : 0.89f) * velocity")
  }

  @Test("the tail of a dropout")
  func dropoutTail() throws {
    try expectFound(
      Dropout.self, .init(count: 1_000_031, rate: 0.3), in: "dropout/dropout.cl",
      replacing: "  for (; i < end; i++) y[i] = dropout1(x[i], (uint)i, d);",
      with: "  for (; i < end; i++) y[i] = dropout1(x[i], (uint)i + 1u, d);")
  }

  @Test("a pixel that an evaluation's images take from beside it")
  func evaluatedPixel() throws {
    let column = drawn(4, below: 27)
    try expectFound(
      Augment.self,
      .init(
        batch: 128, height: 28, width: 28, channels: 1, total: 1000, flip: false, pad: 0,
        padMode: .reflect), in: "augment/augment.cl",
      replacing: "max(augment_column(column, draw), 0)",
      with: "(max(augment_column(column, draw), 0) + (!FLIP && IN_W == 28 && column == \(column)))"
    )
  }

  /// The bugs that `make portability` plants for Oclgrind; a driver need not show each.
  ///
  /// That one which writes beyond local memory may end the process, and is left out.
  @Test(
    "planted bugs are found where the implementation shows them",
    arguments: [
      "divergent-barrier", "global-out-of-bounds", "missing-barrier", "no-start-value",
    ])
  func plantedBugs(name: String) throws {
    let test = try TestDevice()
    let kernels = try PatchedKernels(applying: "portability/bugs/\(name).patch")
    let queue = try test.manager.makeContext(
      on: test.context.device, kernels: KernelLibrary(directory: kernels.url)
    ).makeQueue()
    func expectFound<Operation: TunableOperation>(
      _ operation: Operation.Type, _ problem: Operation.Problem, _ part: String
    ) throws {
      for configuration in Operation.candidates(for: problem, on: test.context.info)
      where configuration.description.contains(part) {
        let whole = try BoundCheck(queue: queue, isWhole: true)
          .failure(operation, problem, configuration)
        let sampled = try BoundCheck(queue: queue).failure(operation, problem, configuration)
        #expect((whole == nil) == (sampled == nil), "\(configuration): \(whole ?? "")")
        #expect(sampled != nil || name != "global-out-of-bounds", "\(configuration)")
      }
    }
    switch name {
    case "divergent-barrier":
      try expectFound(BatchNormStatistics.self, .init(rows: 2 * 784, channels: 16), "wg")
    case "missing-barrier":
      try expectFound(Conv2DForward.self, .init(shape: filter.with(batch: 2)), "local_im2")
    default:
      try expectFound(
        GlobalAveragePoolForward.self, .init(batch: 16, pixels: 64, channels: 128), "wg")
    }
  }

  @Test("a write behind the end")
  func writeBehindTheEnd() throws {
    try expectFound(
      Add.self, .init(count: 1_000_003), in: "add/add.cl",
      replacing: "  for (; i < end; i++) y[i] = a[i] + b[i];",
      with: "  for (; i < end + (end == count); i++) y[i] = a[i] + b[i];")
  }
}

extension Conv2DShape {
  /// The same with another batch.
  fileprivate func with(batch: Int) -> Conv2DShape {
    var shape = self
    shape.batch = batch
    return shape
  }
}
