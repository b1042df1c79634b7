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

  /// Of a batch whose last rows are not valid and, where that is another one, of a full batch.
  package static func exampleScalars(_ problem: Problem) -> [DynamicScalars] {
    Set([max(1, problem.batch - 2), problem.batch]).sorted().map { ["valid": .int(Int32($0))] }
  }

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

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let (logits, labels) = (inputs[0], inputs[1])
    let (classes, valid) = (problem.classes, scalars.integer("valid"))
    let weight = Double(problem.sideWeight ?? 1)
    // z - largest is rounded once; exp, log (3 ulp, an ulp is two roundings) and the division
    // (2.5 ulp) follow; the sum over the classes grows with their number.
    let growth = 16 + 4 * Double(classes).squareRoot()
    struct Row {
      var loss = 0.0
      var isWrong = false
      var largest = 0.0
      var sum = 1.0
      /// Between the largest and the smallest logit.
      var spread = 0.0
    }
    let rows = (0..<problem.batch).map { row in
      guard row < valid else { return Row() }
      let z = (0..<classes).map { logits[row * classes + $0] }
      let label = Int(labels[row])
      let largest = z.max() ?? 0
      let sum = z.reduce(0) { $0 + exp($1 - largest) }
      return Row(
        loss: log(sum) + largest - z[label], isWrong: z.firstIndex(of: largest) != label,
        largest: largest, sum: sum, spread: largest - (z.min() ?? 0))
    }
    let losses = rows.map { row -> ReferenceOutput.Element in
      (row.loss, roundoff * (growth + 2 * row.spread + 2 * abs(row.loss)))
    }
    var results: [ReferenceOutput] = []
    if problem.sideWeight == nil {
      let metrics = inputs[2]
      let loss = losses.reduce(metrics[0]) { $0 + $1.value }
      let wrong = rows.count { $0.isWrong }
      // Compensated: the batch's own errors and a rounding or two of the sum; the compensation is
      // what the sum's last rounding lost.
      results.append(
        ReferenceOutput(
          [
            (loss, losses.reduce(4 * roundoff * abs(loss)) { $0 + $1.tolerance }),
            (metrics[1] + Double(wrong), 0), (metrics[2] + Double(valid), 0),
            (metrics[3], 4 * roundoff * abs(loss)),
          ], exactOnIntegers: false))
    }
    results.append(ReferenceOutput(losses, exactOnIntegers: false))
    guard problem.needsGradient else { return results }
    let gradient = ReferenceOutput([problem.batch, classes], exactOnIntegers: false) { index in
      let (row, k) = index.quotientAndRemainder(dividingBy: classes)
      guard row < valid else { return (0, 0) }
      let probability = exp(logits[index] - rows[row].largest) / rows[row].sum
      return (
        (probability - (k == Int(labels[row]) ? 1 : 0)) * weight / Double(valid),
        roundoff * (growth + 2 * rows[row].spread) / Double(valid)
      )
    }
    return results + [gradient]
  }
}
