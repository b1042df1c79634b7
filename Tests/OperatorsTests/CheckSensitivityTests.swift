import Autotuner
import DeviceRuntime
import Operators
import TestSupport
import Testing

/// Kernels that are wrong for the shape in use, at places that a seed draws, are found at use.
@Suite(.serialized)
struct CheckSensitivityTests {
  private static let seed = TestSeed.value(for: "kernels made wrong")

  /// Operations at sizes of real networks.
  private static let operations: [any OperationInstance] = {
    func shape(_ batch: Int, _ size: Int, _ from: Int, _ to: Int, _ kernel: Int, _ stride: Int)
      -> Conv2DShape
    {
      Conv2DShape(
        batch: batch, inHeight: size, inWidth: size, inChannels: from, outChannels: to,
        kernel: kernel, stride: stride)
    }
    let normalization = InputNormalization(inference: false, dropout: 0)
    let inference = InputNormalization(inference: true, dropout: 0)
    return [
      Instance(Conv2DForward.self, .init(shape: shape(16, 28, 1, 16, 3, 1))),
      Instance(
        Conv2DForward.self, .init(shape: shape(8, 32, 32, 64, 3, 2), normalization: normalization)),
      Instance(
        Conv2DForward.self,
        .init(shape: shape(4, 8, 640, 640, 3, 1), withResidual: true, normalization: inference)),
      Instance(Conv2DForward.self, .init(shape: shape(8, 16, 160, 320, 1, 2))),
      Instance(Conv2DBackwardData.self, .init(shape: shape(8, 32, 16, 160, 3, 1))),
      Instance(Conv2DBackwardData.self, .init(shape: shape(16, 28, 16, 32, 3, 2))),
      Instance(
        Conv2DBackwardFilter.self,
        .init(shape: shape(16, 28, 16, 16, 3, 1), normalization: normalization)),
      Instance(Conv2DBackwardFilter.self, .init(shape: shape(32, 32, 3, 16, 3, 1))),
      Instance(Conv2DBackwardFilter.self, .init(shape: shape(8, 8, 320, 640, 1, 1))),
      Instance(BatchNormStatistics.self, .init(rows: 128 * 784, channels: 16)),
      Instance(BatchNormStatistics.self, .init(rows: 32 * 64, channels: 640)),
      Instance(BatchNormReLUForward.self, .init(rows: 32 * 64, channels: 640)),
      Instance(
        BatchNormReLUForward.self, .init(rows: 32 * 256, channels: 160, dropout: 0.3)),
      Instance(
        BatchNormReLUBackward.self, .init(rows: 32 * 1024, channels: 32, withAddend: true)),
      Instance(BatchNormReLUBackward.self, .init(rows: 32 * 64, channels: 640)),
      Instance(
        SGD.self, .init(count: 174_976, momentum: 0.9, nesterov: true, weightDecay: 5e-4)),
      Instance(Dropout.self, .init(count: 1_000_003, rate: 0.3)),
      Instance(
        Augment.self,
        .init(
          batch: 128, height: 28, width: 28, channels: 1, total: 1000, flip: false, pad: 0,
          padMode: .reflect)),
      Instance(
        Augment.self,
        .init(
          batch: 64, height: 32, width: 32, channels: 3, total: 500, flip: true, pad: 4,
          padMode: .reflect)),
      Instance(SoftmaxCrossEntropy.self, .init(batch: 128, classes: 100, needsGradient: true)),
      Instance(LinearForward.self, .init(batch: 128, inputs: 640, outputs: 100)),
      Instance(LinearBackward.self, .init(batch: 128, inputs: 640, outputs: 10)),
      Instance(GlobalAveragePoolForward.self, .init(batch: 128, pixels: 64, channels: 640)),
      Instance(Add.self, .init(count: 1_000_003)),
    ]
  }()

  /// Which elements of an output a sabotaged kernel gets wrong, and how.
  private struct Fault: CustomStringConvertible {
    var tensor: TensorArgument
    /// Elements whose place along the dimension is in `places`.
    var inner: Int
    var extent: Int
    var places: Range<Int>
    var effect: Int
    /// Only with this value of a scalar that a launch gets: a second step, a partial batch.
    var scalar: (name: String, value: Int)?

    var description: String {
      "\(tensor.name): effect \(effect) at \(places) of \(extent), \(inner) apart"
        + (scalar.map { ", where \($0.name) is \($0.value)" } ?? "")
    }

    var launch: OperationPlan.Launch {
      .kernel(
        OperationPlan.KernelLaunch(
          source: "sabotage.cl", entryPoint: "sabotage", macros: [],
          range: NDRange(
            groups: NDRange.Size(ceilDivide(tensor.count, 64)), local: NDRange.Size(64)),
          arguments: [
            .buffer(tensor.name), .int(tensor.count), .int(inner), .int(extent),
            .int(places.lowerBound), .int(places.upperBound), .int(effect),
            scalar.map { .dynamic($0.name) } ?? .int(0), .int(scalar?.value ?? 0),
          ]))
    }
  }

  private static let sabotage = """
    __kernel __attribute__((reqd_work_group_size(64, 1, 1)))
    void sabotage(__global float* y, const int count, const int inner, const int extent,
                  const int first, const int last, const int effect, const int scalar,
                  const int wanted) {
      const int i = (int)get_global_id(0);
      const int place = i / inner % extent;
      if (i >= count || scalar != wanted || place < first || place >= last) return;
      // What a ReLU left at zero is wrong as well.
      y[i] = effect == 1 || y[i] == 0.0f ? y[i] + 0.5f : effect == 0 ? 1.25f * y[i] : -y[i];
    }
    """

  private struct DrawFault: OperationVisitor {
    typealias Output = Fault

    let seed: UInt64

    func visit<Operation: TunableOperation>(
      _ operation: Operation.Type, _ problem: Operation.Problem
    ) throws -> Fault {
      var generator = ExampleGenerator(seed: seed)
      let scalars = Operation.exampleScalars(problem)
      let inputs = Operation.tensors(problem).filter { $0.role != .output }.map { tensor in
        ReferenceInput([Double](repeating: 1, count: min(tensor.count, ReferenceInput.period)))
      }
      let outputs = zip(
        Operation.tensors(problem).filter { $0.role != .input },
        Operation.reference(problem, inputs, scalars[0])
      ).filter { $0.0.element == .float && $0.0.name != "metrics" }
      let (tensor, reference) = try #require(outputs.randomElement(using: &generator))
      let dimension = Int.random(in: 0..<reference.extents.count, using: &generator)
      let extent = reference.extents[dimension]
      let place = Int.random(in: 0..<extent, using: &generator)
      // Of very many places no sample meets each: a block of them.
      let size = extent > 1500 ? extent / 50 : 1
      let places = [
        extent - 1..<extent, place..<min(place + size, extent), 0..<max(1, extent / 8),
        extent - max(1, extent / 8)..<extent,
      ]
      let integers = scalars[scalars.count - 1].filter {
        if case .int = $0.value { true } else { false }
      }
      let scalar = integers.keys.sorted().randomElement(using: &generator).map {
        (name: $0, value: scalars[scalars.count - 1].integer($0))
      }
      return Fault(
        tensor: tensor, inner: reference.extents[(dimension + 1)...].reduce(1, *), extent: extent,
        places: try #require(places.randomElement(using: &generator)),
        effect: Int.random(in: 0..<3, using: &generator),
        scalar: Bool.random(using: &generator) ? scalar : nil)
    }
  }

  private struct Check: OperationVisitor {
    typealias Output = String?

    let queue: Queue
    let sabotage: OperationPlan.Launch?

    func visit<Operation: TunableOperation>(
      _ operation: Operation.Type, _ problem: Operation.Problem
    ) throws -> String? {
      let configuration = Operation.candidates(for: problem, on: queue.context.info)[0]
      return try BoundCheck(queue: queue, sabotage: sabotage)
        .failure(operation, problem, configuration)
    }
  }

  @Test("right kernels are found right at the sizes of networks")
  func rightKernels() throws {
    let queue = try TestDevice().queue
    for operation in Self.operations {
      let failure = try operation.accept(Check(queue: queue, sabotage: nil))
      #expect(failure == nil, "\(operation.name) [\(operation.problemText)]: \(failure ?? "")")
    }
  }

  @Test("what is wrong at some places of one output only is found", arguments: 0..<24)
  func wrongAtSomePlaces(number: Int) throws {
    let kernels = try PatchedKernels(adding: "sabotage.cl", Self.sabotage)
    let test = try TestDevice()
    let queue = try test.manager.makeContext(
      on: test.context.device, kernels: KernelLibrary(directory: kernels.url)
    ).makeQueue()
    let operation = Self.operations[number % Self.operations.count]
    let seed = Self.seed &* 1000 &+ UInt64(number)
    let fault = try operation.accept(DrawFault(seed: seed))
    let failure = try operation.accept(Check(queue: queue, sabotage: fault.launch))
    #expect(
      failure != nil, "seed \(seed): \(operation.name) [\(operation.problemText)] \(fault)")
  }
}
