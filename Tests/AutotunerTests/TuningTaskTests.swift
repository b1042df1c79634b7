import Autotuner
import DeviceRuntime
import Operators
import Testing

/// Work for a tuner.
struct TuningTaskTests {
  private let cpu = DeviceInfo.madeUp()

  private func convolution(_ channels: Int) -> any OperationInstance {
    Instance(
      Conv2DForward.self,
      Conv2DForward.Problem(
        shape: Conv2DShape(
          batch: 2, inHeight: 8, inWidth: 8, inChannels: channels, outChannels: channels, kernel: 3)
      ))
  }

  @Test("distinct problems, the heaviest first, one that occurs often being heavier")
  func tasks() throws {
    let instances =
      [convolution(16), convolution(64)] + Array(repeating: convolution(32), count: 5)
    let tasks = try TuningTask.tasks(of: instances, on: cpu)
    #expect(tasks.count == 3)
    let channels = tasks.map { task in
      task.problem.decoded(as: Conv2DForward.Problem.self)?.shape.inChannels
    }
    #expect(channels == [32, 64, 16])
    #expect(tasks.map(\.operation) == ["conv2d_forward", "conv2d_forward", "conv2d_forward"])
  }

  @Test("where there is nothing to choose there is nothing to tune")
  func nothingToChoose() throws {
    let tasks = try SquareOperation.$offered.withValue([.plain]) {
      try TuningTask.tasks(
        of: [Instance(SquareOperation.self, SquareOperation.Problem(count: 3))], on: cpu)
    }
    #expect(tasks.isEmpty)
  }

  @Test("an operation's example problems survive the way to another process")
  func instances() throws {
    func check<Operation: TunableOperation>(_ operation: Operation.Type) throws {
      for problem in Operation.exampleProblems {
        let task = TuningTask(
          operation: Operation.name, problem: try #require(JSONValue(encoding: problem)), weight: 1)
        let instance = try #require(
          task.instance(among: allOperations) as? Instance<Operation>)
        #expect(instance.problem == problem)
        for configuration in Operation.candidates(for: problem, on: cpu) {
          let json = try #require(JSONValue(encoding: configuration))
          #expect(json.decoded(as: Operation.Configuration.self) == configuration)
        }
      }
    }
    for operation in allOperations { try check(operation) }
    #expect(
      TuningTask(operation: "none", problem: .null, weight: 1).instance(among: allOperations)
        == nil)
    #expect(
      TuningTask(operation: "fill", problem: .string("?"), weight: 1)
        .instance(among: allOperations) == nil)
  }

  @Test("a problem that stands for another in a check is small and of the same kind")
  func checkProblems() throws {
    let shape = Conv2DShape(
      batch: 128, inHeight: 32, inWidth: 32, inChannels: 160, outChannels: 160, kernel: 3)
    let small = Conv2DForward.checkProblem(for: Conv2DForward.Problem(shape: shape)).shape
    #expect(small.inChannels == 160 && small.outChannels == 160 && small.kernel == 3)
    #expect(small.cost.flops < 2e8)
    // The default can be checked there, or nothing could.
    func check<Operation: TunableOperation>(_ operation: Operation.Type) throws {
      for problem in Operation.exampleProblems {
        let small = Operation.checkProblem(for: problem)
        let standard = try #require(Operation.candidates(for: problem, on: cpu).first)
        #expect(
          Operation.accepts(
            Operation.checkConfiguration(standard, for: small), for: small, on: cpu),
          "\(Operation.name) [\(problem)] \(standard)")
        #expect(Operation.distance(problem, problem).map { $0 == 0 } ?? true)
      }
    }
    for operation in allOperations { try check(operation) }
  }

  @Test("problems that tell what is related to them are asked")
  func relatedProblems() {
    func check<Operation: TunableOperation>(
      _ operation: Operation.Type, _ problem: Operation.Problem, small: Operation.Problem
    ) {
      #expect(Operation.checkProblem(for: problem) == small, "\(Operation.name)")
      #expect(Operation.distance(problem, problem) == 0, "\(Operation.name)")
      #expect(Operation.distance(problem, small) ?? 0 > 0, "\(Operation.name)")
    }
    let elements = (ElementCount(count: 1 << 20), small: ElementCount(count: (1 << 17) + 1))
    check(Add.self, elements.0, small: elements.small)
    check(GateBackward.self, elements.0, small: elements.small)
    check(GradientSum.self, elements.0, small: elements.small)
    let window = PoolWindow(kernel: 3, stride: 2, pad: 1)
    func pool(_ batch: Int) -> PoolShape {
      PoolShape(batch: batch, inHeight: 32, inWidth: 32, channels: 64, window: window)
    }
    check(AveragePoolForward.self, pool(128), small: pool(2))
    func bias(_ rows: Int) -> BiasActivationProblem {
      BiasActivationProblem(rows: rows, channels: 64, activation: .elu)
    }
    check(BiasActivationForward.self, bias(1 << 20), small: bias(2049))
  }
}
