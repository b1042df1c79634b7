import Autotuner
import DeviceRuntime
import Foundation

/// Loss of each image, its gradient to the logits, and running sums of loss and errors.
///
/// The scalar "valid" is the number of images in the batch; the rows behind them count for nothing.
/// dlogits is the gradient of the mean loss, times a side loss's weight. metrics: [sum of losses,
/// wrong predictions, images, compensation of the first].
package enum SoftmaxCrossEntropy: TunableOperation {
  package struct Problem: Hashable, Codable, Sendable, CustomStringConvertible {
    package var batch: Int
    package var classes: Int
    package var needsGradient: Bool
    /// Of a side loss, which has no metrics: what its gradient is multiplied by.
    package var sideWeight: Float?

    package init(batch: Int, classes: Int, needsGradient: Bool, sideWeight: Float? = nil) {
      precondition(batch > 0 && classes > 0, "loss of \(batch) images, \(classes) classes")
      precondition(sideWeight == nil || needsGradient, "a side loss without a gradient")
      self.sideWeight = sideWeight
      self.batch = batch
      self.classes = classes
      self.needsGradient = needsGradient
    }

    package var description: String {
      "N\(batch) \(classes) classes\(needsGradient ? " gradient" : "")"
        + (sideWeight.map { " times \($0)" } ?? "")
    }
  }

  package typealias Configuration = RowConfiguration

  private static let source = "loss/softmax_cross_entropy.cl"

  package static var name: String { "softmax_cross_entropy" }

  package static var exampleProblems: [Problem] {
    [(1, 1), (3, 3), (1, 5), (7, 10), (128, 10), (5, 31), (3, 64), (130, 100)].flatMap {
      batch, classes in
      [true, false].map { Problem(batch: batch, classes: classes, needsGradient: $0) }
    } + [Problem(batch: 7, classes: 10, needsGradient: true, sideWeight: 0.25)]
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("logits", .input, count: problem.batch * problem.classes),
      TensorArgument("labels", .input, count: problem.batch, element: .int),
    ]
      + (problem.sideWeight == nil ? [TensorArgument("metrics", .inputOutput, count: 4)] : [])
      + [TensorArgument("losses", .output, count: problem.batch)]
      + (problem.needsGradient
        ? [TensorArgument("dlogits", .output, count: problem.batch * problem.classes)] : [])
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    // An exponential costs some 16 times as much as a copy.
    RowConfiguration.candidates(rowElements: 16 * problem.classes, on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    let macros =
      configuration.macros + [
        Macro("CLASSES", problem.classes), Macro("WITH_GRADIENT", problem.needsGradient),
      ]
    return OperationPlan(
      scratch: [OperationPlan.Scratch("wrong", count: problem.batch)],
      launches: [
        .kernel(
          OperationPlan.KernelLaunch(
            source: source, entryPoint: name, macros: macros,
            range: configuration.range(problem.batch),
            arguments: [
              .buffer("logits"), .buffer("labels"), .buffer("losses"), .buffer("wrong"),
            ]
              + (problem.needsGradient ? [.buffer("dlogits")] : [])
              + [.int(problem.batch), .dynamic("valid")]
              + (problem.needsGradient ? [.float(problem.sideWeight ?? 1)] : [])))
      ]
        + (problem.sideWeight == nil ? [sum(macros)] : []))
  }

  private static func sum(_ macros: [Macro]) -> OperationPlan.Launch {
    .kernel(
      OperationPlan.KernelLaunch(
        source: source, entryPoint: "\(name)_sum", macros: macros,
        range: NDRange(groups: NDRange.Size(1)),
        arguments: [
          .buffer("losses"), .buffer("wrong"), .buffer("metrics"), .dynamic("valid"),
        ]))
  }

  package static func cost(_ problem: Problem) -> Cost {
    let count = Double(problem.batch * problem.classes)
    return Cost(flops: 6 * count, bytes: (problem.needsGradient ? 8 : 4) * count)
  }

  package static func exampleScalars(_ problem: Problem) -> DynamicScalars {
    ["valid": .int(Int32(exampleValid(problem)))]
  }

  private static func exampleValid(_ problem: Problem) -> Int { max(1, problem.batch - 2) }

  package static func exampleInput(
    _ problem: Problem, _ tensor: TensorArgument, kind: ExampleKind,
    generator: inout ExampleGenerator
  ) -> [Double] {
    switch tensor.name {
    case "labels":
      (0..<tensor.count).map { _ in Double(Int.random(in: 0..<problem.classes, using: &generator)) }
    case "metrics": [12.5, 3, 40, 0]
    case "logits": generator.values(count: tensor.count, kind: kind).map { $0 * 8 }
    default: generator.values(count: tensor.count, kind: kind)
    }
  }

  package static func reference(_ problem: Problem, _ inputs: [[Double]]) -> [ReferenceResult] {
    reference(problem, inputs, valid: exampleValid(problem))
  }

  /// The reference for any number of valid rows.
  package static func reference(
    _ problem: Problem, _ inputs: [[Double]], valid: Int
  ) -> [ReferenceResult] {
    let (logits, labels) = (inputs[0], inputs[1])
    var metrics = problem.sideWeight == nil ? inputs[2] : [0, 0, 0, 0]
    let weight = Double(problem.sideWeight ?? 1)
    var losses = [Double](repeating: 0, count: problem.batch)
    var spreads = losses  // between the largest and the smallest logit of each row
    var gradient = [Double](repeating: 0, count: logits.count)
    for row in 0..<valid {
      let z = Array(logits[row * problem.classes..<(row + 1) * problem.classes])
      let label = Int(labels[row])
      let largest = z.max() ?? 0
      spreads[row] = largest - (z.min() ?? 0)
      let sum = z.reduce(0) { $0 + exp($1 - largest) }
      losses[row] = log(sum) + largest - z[label]
      metrics[0] += losses[row]
      metrics[1] += z.firstIndex(of: largest) == label ? 0 : 1
      for k in 0..<problem.classes {
        gradient[row * problem.classes + k] =
          (exp(z[k] - largest) / sum - (k == label ? 1 : 0)) * weight / Double(valid)
      }
    }
    metrics[2] += Double(valid)
    func result(_ values: [Double], _ tolerance: [Double]) -> ReferenceResult {
      ReferenceResult(values: values, tolerance: tolerance, exactOnIntegers: false)
    }
    // z - largest is rounded once; exp, log (3 ulp, an ulp is two roundings) and the division
    // (2.5 ulp) follow; the sum over the classes grows with their number.
    let growth = 16 + 4 * Double(problem.classes).squareRoot()
    let lossBounds = (0..<problem.batch).map { row in
      roundoff * (growth + 2 * spreads[row] + 2 * abs(losses[row]))
    }
    // Compensated: the batch's own errors and a rounding or two of the sum.
    let sumBound = lossBounds.reduce(4 * roundoff * abs(metrics[0]), +)
    var results = [result(losses, lossBounds)]
    if problem.sideWeight == nil {
      // The compensation is what the sum's last rounding lost.
      results.insert(
        result(metrics, [sumBound, 0, 0, 4 * roundoff * abs(metrics[0])]), at: 0)
    }
    guard problem.needsGradient else { return results }
    let gradientBounds = gradient.indices.map { index in
      roundoff * (growth + 2 * spreads[index / problem.classes]) / Double(valid)
    }
    return results + [result(gradient, gradientBounds)]
  }
}
