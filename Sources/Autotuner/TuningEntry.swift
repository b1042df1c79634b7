import Foundation

/// The fastest configuration that was found for one problem of one operation.
package struct TuningEntry: Hashable, Codable, Sendable {
  package var operation: String
  package var problem: JSONValue
  package var configuration: JSONValue
  package var seconds: Double
  package var gflops: Double
  package var gigabytesPerSecond: Double
  /// Whether the search reached its own end; one that was stopped goes on the next time.
  package var isComplete: Bool

  /// An entry of a result; nil where a value has no JSON.
  package init?<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem,
    _ configuration: Operation.Configuration, seconds: Double, isComplete: Bool
  ) {
    guard let problemJSON = JSONValue(encoding: problem),
      let configurationJSON = JSONValue(encoding: configuration)
    else { return nil }
    self.operation = Operation.name
    self.problem = problemJSON
    self.configuration = configurationJSON
    self.seconds = seconds
    let cost = Operation.cost(problem)
    gflops = cost.flops / seconds * 1e-9
    gigabytesPerSecond = cost.bytes / seconds * 1e-9
    self.isComplete = isComplete
  }

  /// Problem and configuration in an operation's types; nil where the JSON does not fit them.
  package func decoded<Operation: TunableOperation>(
    as operation: Operation.Type
  ) -> (problem: Operation.Problem, configuration: Operation.Configuration)? {
    guard self.operation == Operation.name,
      let problem = self.problem.decoded(as: Operation.Problem.self),
      let configuration = self.configuration.decoded(as: Operation.Configuration.self)
    else { return nil }
    return (problem, configuration)
  }

  /// Whether its values are such as a tuner writes.
  var isPlausible: Bool {
    operation.isPrintable && seconds.isFinite && seconds > 0 && gflops.isFinite && gflops >= 0
      && gigabytesPerSecond.isFinite && gigabytesPerSecond >= 0
  }
}

extension JSONValue {
  /// What a value's own coding gives; nil where it has none.
  package init?(encoding value: some Encodable) {
    // An array, for a value that is no object is no JSON document to older decoders.
    guard let data = try? JSONEncoder().encode([value]),
      let values = try? JSONDecoder().decode([JSONValue].self, from: data), let first = values.first
    else { return nil }
    self = first
  }

  /// This JSON as a type; nil where it does not fit.
  package func decoded<Value: Decodable>(as type: Value.Type) -> Value? {
    guard let data = try? JSONEncoder().encode([self]) else { return nil }
    return try? JSONDecoder().decode([Value].self, from: data).first
  }
}

extension String {
  /// Whether it is not empty and harmless on a terminal.
  var isPrintable: Bool {
    !isEmpty && utf8.count <= 1000
      && unicodeScalars.allSatisfy {
        switch $0.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned,
          .privateUse:
          false
        default: true
        }
      }
  }
}
