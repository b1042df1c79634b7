import DeviceRuntime
import Testing

@testable import Autotuner

/// The look-up in databases.
struct TunedChooserTests {
  private let here = DeviceInfo.madeUp()

  private func choice(
    _ databases: [TuningDatabase], count: Int = 100, algorithms: Algorithms = .all,
    offered: [SquareOperation.Configuration] = [.plain, .twice, .inexact, .noBuild, .noSuchKernel]
  ) -> TunedChooser.Choice<SquareOperation.Configuration> {
    SquareOperation.$offered.withValue(offered) {
      TunedChooser(databases, algorithms: algorithms).choice(
        for: SquareOperation.self, SquareOperation.Problem(count: count), on: here)
    }
  }

  @Test("exact, then nearest, then the class of the device, then the default")
  func order() throws {
    let otherDriver = DeviceInfo.madeUp(driver: "2")
    let sameClass = DeviceInfo.madeUp("another cpu")
    let user = try TuningDatabase([
      (sameClass, 100, .noSuchKernel, 1e-9), (here, 90, .twice, 1), (here, 70, .noBuild, 1e-9),
    ])
    let shipped = try TuningDatabase([(here, 100, .inexact, 9)])
    var found = choice([user, shipped])
    #expect(found.configuration == .inexact && found.source == .exact)
    found = choice([user])
    #expect(found.configuration == .twice && found.source == .nearest)
    found = choice([
      try TuningDatabase([(sameClass, 100, .noSuchKernel, 1), (otherDriver, 90, .twice, 1)])
    ])
    #expect(found.configuration == .twice && found.source == .deviceClass)
    found = choice([try TuningDatabase([(sameClass, 100, .noSuchKernel, 1)])])
    #expect(found.configuration == .noSuchKernel && found.source == .deviceClass)
    found = choice([TuningDatabase()])
    #expect(found.configuration == .plain && found.source == .standard)
  }

  @Test("far from a result a CPU's default, which a model ranks, is the better guess")
  func farAway() throws {
    let gpu = DeviceInfo.madeUp(kind: .gpu)
    for (device, expected) in [(here, TunedChooser.Source.standard), (gpu, .nearest)] {
      let chooser = TunedChooser([try TuningDatabase([(device, 200, .twice, 1)])])
      let choice = chooser.choice(
        for: SquareOperation.self, SquareOperation.Problem(count: 100), on: device)
      #expect(choice.source == expected)
    }
  }

  @Test("the user's results come before the shipped ones")
  func userFirst() throws {
    let user = try TuningDatabase([(here, 100, .twice, 5)])
    let shipped = try TuningDatabase([(here, 100, .noBuild, 1)])
    #expect(choice([user, shipped]).configuration == .twice)
    #expect(choice([shipped, user]).configuration == .noBuild)
  }

  @Test(
    "results of another class are not used",
    arguments: [
      DeviceInfo.madeUp(width: 8), .madeUp(kind: .gpu), .madeUp(platform: "another"),
    ])
  func otherClasses(device: DeviceInfo) throws {
    #expect(choice([try TuningDatabase([(device, 100, .twice, 1)])]).source == .standard)
  }

  @Test("on GPUs the vendor makes the class, not the vectors")
  func classesOfGPUs() {
    let key = TuningDatabase.DeviceKey(.madeUp("a", kind: .gpu, width: 1))
    #expect(key.isSameClass(as: .init(.madeUp("b", kind: .gpu, width: 4))))
    #expect(!key.isSameClass(as: .init(.madeUp("b", kind: .gpu, vendor: "another", width: 1))))
  }

  @Test("a value outside the space is refused, and the next best is used")
  func outsideTheSpace() throws {
    let database = try TuningDatabase([(here, 100, .wrongValue, 1), (here, 150, .twice, 1)])
    let found = choice([database])
    #expect(found.configuration == .twice && found.source == .nearest)
    let edited = String(decoding: database.json, as: UTF8.self)
      .replacing("\"wrongValue\"", with: "\"no such one\"").replacing("\"twice\"", with: "17")
    #expect(choice([try TuningDatabase(json: Array(edited.utf8), path: "f")]).source == .standard)
  }

  @Test("direct leaves out inexact results and inexact defaults")
  func direct() throws {
    let database = try TuningDatabase([(here, 100, .inexact, 1), (here, 90, .twice, 1)])
    #expect(choice([database]).configuration == .inexact)
    #expect(choice([database], algorithms: .direct).configuration == .twice)
    let none = choice([], algorithms: .direct, offered: [.inexact, .plain])
    #expect(none.configuration == .plain && none.source == .standard)
  }

  @Test("what is distrusted is chosen for no problem, what crashed a tuning not for that one")
  func distrust() throws {
    func key(_ configuration: SquareOperation.Configuration, count: Int) -> Journal.Key {
      Journal.Key(
        device: here, operation: "square", problem: "\(count)",
        configuration: configuration.description)
    }
    func choice(
      _ content: Journal.Content, count: Int = 100
    ) throws -> SquareOperation.Configuration {
      let database = try TuningDatabase([(here, 100, .twice, 1), (here, 90, .inexact, 1)])
      return SquareOperation.$offered.withValue([.plain, .twice, .inexact]) {
        TunedChooser([database], distrust: Distrust(content)).configuration(
          for: SquareOperation.self, SquareOperation.Problem(count: count), on: here)
      }
    }
    var content = Journal.Content()
    content.wrong = [key(.twice, count: 5)]
    #expect(try choice(content) == .inexact)
    content.wrong.insert(key(.inexact, count: 5))
    #expect(try choice(content) == .plain)
    content.wrong = [key(.plain, count: 5)]
    #expect(try choice(content) == .twice)
    // There must be one: the tuned one is as good as any.
    content.wrong = Set([.plain, .twice, .inexact].map { key($0, count: 5) })
    #expect(try choice(content) == .twice)
    content = Journal.Content()
    content.crashed = [key(.twice, count: 100)]
    #expect(try choice(content) == .inexact)
    #expect(try choice(content, count: 101) == .twice)
  }

  @Test("problems from a file may hold any values")
  func foreignProblems() throws {
    for (device, source) in [
      (here, TunedChooser.Source.standard), (.madeUp(kind: .gpu), .nearest),
    ] {
      let database = try TuningDatabase([
        (device, Int.min, .noBuild, 1), (device, Int.max, .twice, 1),
      ])
      let choice = TunedChooser([database]).choice(
        for: SquareOperation.self, SquareOperation.Problem(count: 100), on: device)
      #expect(choice.source == source)
    }
  }
}
