import Autotuner
import DeviceRuntime
import Operators

/// Where a plan's images come from.
package enum ImageSource: Hashable, Sendable {
  /// The host writes the tensors "images" and "labels" before each run.
  case host
  /// The first operation picks them from a data set on the device, of bytes or of floats.
  case dataset(total: Int, augmentation: Augmentation, floats: Bool = false)
}

/// How training images are changed on their way from the data set.
package struct Augmentation: Hashable, Sendable {
  package var flip: Bool
  /// Pixels around the image before it is cropped to its size again.
  package var pad: Int
  package var padMode: Augment.PadMode

  package init(flip: Bool, pad: Int, padMode: Augment.PadMode) {
    self.flip = flip
    self.pad = pad
    self.padMode = padMode
  }

  /// Images as they are.
  package static let none = Augmentation(flip: false, pad: 0, padMode: .reflect)
}

/// The constants of stochastic gradient descent.
package struct Optimizer: Hashable, Sendable {
  package var momentum: Float
  package var dampening: Float
  package var nesterov: Bool
  package var weightDecay: Float

  package init(momentum: Float, dampening: Float, nesterov: Bool, weightDecay: Float) {
    self.momentum = momentum
    self.dampening = dampening
    self.nesterov = nesterov
    self.weightDecay = weightDecay
  }

  func problem(count: Int) -> SGD.Problem {
    SGD.Problem(
      count: count, momentum: momentum, dampening: dampening, nesterov: nesterov,
      weightDecay: weightDecay)
  }
}

extension ExecutionPlan {
  /// One training step: images, forward, loss, backward and, with an optimizer, the updates.
  ///
  /// For a `ParameterStore` for training on `device`, without an optimizer of one for gradients.
  /// Readable afterwards: "logits", "losses".
  /// External: "metrics" and, from a data set, "dataset images", "dataset labels", "order", "mean"
  /// and "inverse deviation".
  package static func training(
    _ network: Network, batch: Int, source: ImageSource, optimizer: Optimizer?,
    on device: DeviceInfo
  ) -> ExecutionPlan {
    let paddedGradients = ParameterStore.paddedGradients(
      of: network, for: optimizer == nil ? .gradients : .training, on: device)
    var plan = ExecutionPlan()
    let (images, labels) = plan.appendImages(network, batch: batch, source: source)
    var forward = ForwardPass(
      network: network, batch: batch, mode: .training, plan: plan, images: images)
    plan = forward.takePlan()
    let gradients = plan.appendLosses(forward, labels: labels)
    if !network.survivals.isEmpty && paddedGradients > 0 {
      // What a dropped branch leaves alone must not keep the last step's gradients.
      plan.append(
        Fill.self, Fill.Problem(count: paddedGradients, value: 0), layer: "optimizer",
        phase: .backward,
        ["y": plan.tensor("gradients", count: paddedGradients, storage: .allGradients)])
    }
    let backward = BackwardPass(
      after: forward, lossGradients: gradients, optimizer: optimizer, plan: plan)
    plan = backward.plan
    if let optimizer {
      plan.appendUpdate(optimizer, gradients: .allGradients, paddedGradients: paddedGradients)
    }
    return plan
  }

  /// One part of a batch: a training step that adds its gradients to the sums, without the update.
  ///
  /// The scalars of `GradientSum` come with each run.
  package static func part(
    _ network: Network, batch: Int, source: ImageSource, on device: DeviceInfo
  ) -> ExecutionPlan {
    let count = ParameterStore.paddedTrained(of: network, on: device)
    var plan = training(network, batch: batch, source: source, optimizer: nil, on: device)
    plan.append(
      GradientSum.self, GradientSum.Problem(count: count), layer: "gradients", phase: .update,
      [
        "g": plan.tensor("gradients", count: count, storage: .allGradients),
        "sum": plan.tensor("gradient sums", count: count, storage: .allGradientSums),
      ])
    return plan
  }

  /// The update by the sums, after the last part of a batch.
  package static func update(
    _ optimizer: Optimizer, of network: Network, on device: DeviceInfo
  ) -> ExecutionPlan {
    var plan = ExecutionPlan()
    plan.appendUpdate(
      optimizer, gradients: .allGradientSums,
      paddedGradients: ParameterStore.paddedTrained(of: network, on: device))
    return plan
  }

  private mutating func appendUpdate(
    _ optimizer: Optimizer, gradients: Storage, paddedGradients: Int
  ) {
    // Where large parameters are all that is trained.
    if paddedGradients == 0 { return }
    append(
      SGD.self, optimizer.problem(count: paddedGradients), layer: "optimizer", phase: .update,
      [
        "g": tensor("gradients", count: paddedGradients, storage: gradients),
        "p": tensor("parameters", count: paddedGradients, storage: .allParameters),
        "v": tensor("velocities", count: paddedGradients, storage: .allVelocities),
      ])
  }

  /// One evaluation of a batch with the running statistics.
  ///
  /// Readable: "logits", "losses".
  package static func evaluation(
    _ network: Network, batch: Int, source: ImageSource
  ) -> ExecutionPlan {
    var plan = ExecutionPlan()
    let (images, labels) = plan.appendImages(network, batch: batch, source: source)
    var forward = ForwardPass(
      network: network, batch: batch, mode: .evaluation, plan: plan, images: images)
    plan = forward.takePlan()
    _ = plan.appendLosses(forward, labels: labels)
    return plan
  }

  /// The same, where every layer's output is readable afterwards; `outputs` has the tensors by the
  /// layers' indices, without those that another layer computes on the way.
  package static func evaluationKeepingLayers(
    _ network: Network, batch: Int, source: ImageSource
  ) -> (plan: ExecutionPlan, outputs: [Int: Int]) {
    var plan = ExecutionPlan()
    let (images, labels) = plan.appendImages(network, batch: batch, source: source)
    var forward = ForwardPass(
      network: network, batch: batch, mode: .evaluation, plan: plan, images: images)
    plan = forward.takePlan()
    // A convolution that computes a sum has only the sum.
    var outputs: [Int: Int] = [:]
    for (index, saved) in forward.saved.enumerated()
    where saved.output >= 0 && network.additionsInConvolutions[index] == nil {
      outputs[index] = saved.output
      plan.keepUntilEnd(saved.output)
    }
    _ = plan.appendLosses(forward, labels: labels)
    return (plan, outputs)
  }

  private mutating func appendImages(
    _ network: Network, batch: Int, source: ImageSource
  ) -> (images: Int, labels: Int) {
    let image = network.image
    switch source {
    case .host:
      return (
        tensor("images", count: batch * image.count, storage: .input),
        tensor("labels", count: batch, storage: .input, element: .int)
      )
    case .dataset(let total, let augmentation, let floats):
      let images = tensor("images", count: batch * image.count)
      let labels = tensor("labels", count: batch, element: .int)
      let problem = Augment.Problem(
        batch: batch, height: image.height, width: image.width, channels: image.channels,
        total: total, flip: augmentation.flip, pad: augmentation.pad,
        padMode: augmentation.padMode, floats: floats)
      append(
        Augment.self, problem, layer: "images", phase: .forward,
        [
          "images": tensor(
            "dataset images", count: total * image.count, storage: .external("dataset images"),
            element: floats ? .float : .uchar),
          "imageLabels": tensor(
            "dataset labels", count: total, storage: .external("dataset labels"), element: .int),
          "order": tensor("order", count: total, storage: .external("order"), element: .uint),
          "mean": tensor("mean", count: image.channels, storage: .external("mean")),
          "inverseDeviation": tensor(
            "inverse deviation", count: image.channels, storage: .external("inverse deviation")),
          "x": images, "labels": labels,
        ])
      return (images, labels)
    }
  }

  /// Adds the losses and returns their gradients to layers' outputs by layer, none in evaluation.
  private mutating func appendLosses(_ forward: ForwardPass, labels: Int) -> [Int: Int] {
    let network = forward.network
    guard let last = network.nodes.last, last.layer != .input, last.shape.height == 1,
      last.shape.width == 1, let saved = forward.saved.last
    else { preconditionFailure("a network ends with an output of one pixel") }
    keepUntilEnd(saved.output)
    rename(saved.output, to: "logits")
    let training = forward.mode == .training
    var bindings = [
      "logits": saved.output, "labels": labels,
      "metrics": tensor("metrics", count: 4, storage: .external("metrics")),
      "losses": tensor("losses", count: forward.batch, storage: .output),
    ]
    if training {
      bindings["dlogits"] = tensor("gradient by loss", count: forward.batch * network.classes)
    }
    append(
      SoftmaxCrossEntropy.self,
      SoftmaxCrossEntropy.Problem(
        batch: forward.batch, classes: network.classes, needsGradient: training),
      layer: "loss", phase: .forward, bindings)
    guard let gradient = bindings["dlogits"] else { return [:] }
    var gradients = [network.nodes.count - 1: gradient]
    for side in network.sideLosses {
      gradients[side.logits.index] = append(side, forward, labels: labels)
    }
    return gradients
  }

  /// Adds a side loss and returns its gradient to its logits.
  private mutating func append(
    _ side: Network.SideLoss, _ forward: ForwardPass, labels: Int
  ) -> Int {
    let node = forward.network.nodes[side.logits.index]
    let gradient = tensor(
      "gradient by loss of \(node.name)", count: forward.count(side.logits))
    append(
      SoftmaxCrossEntropy.self,
      SoftmaxCrossEntropy.Problem(
        batch: forward.batch, classes: node.shape.channels, needsGradient: true,
        sideWeight: Float(side.weight)),
      layer: node.name, phase: .forward,
      [
        "logits": forward.output(side.logits), "labels": labels,
        "losses": tensor("losses of \(node.name)", count: forward.batch), "dlogits": gradient,
      ])
    return gradient
  }
}
