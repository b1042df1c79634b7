/// The paper's Figure 4: milliseconds of a training step on a Titan X with cuDNN v5, batch 32.
package enum Figure4 {
  package struct Network: Hashable, Sendable {
    /// Its name in the paper's spelling.
    package var title: String
    /// The name that `ModelName` reads; nil where it is not built yet.
    package var model: String?
    package var paperMs: Double
  }

  /// Its bars, the thin and deep networks first.
  package static let networks = [
    Network(title: "ResNet-164", model: "preact-resnet-164", paperMs: 85),
    Network(title: "ResNet-1001", model: "preact-resnet-1001", paperMs: 512),
    Network(title: "WRN-40-4", model: "wrn-40-4", paperMs: 68),
    Network(title: "WRN-16-10", model: "wrn-16-10", paperMs: 164),
    Network(title: "WRN-28-10", model: "wrn-28-10", paperMs: 312),
  ]
}
