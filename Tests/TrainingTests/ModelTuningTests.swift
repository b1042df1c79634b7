import Autotuner
import DeviceRuntime
import Graph
import Models
import Testing
import Training

/// What is tuned for a model.
struct ModelTuningTests {
  @Test("a normalisation in front of a convolution is tuned where the choice does not fuse it")
  func nestedOperations() throws {
    let network = try ModelName(parsing: "wrn-10-1").model().network(
      image: ImageShape(height: 8, width: 8, channels: 1), classes: 4)
    let tuning = ModelTuning(network: network, batch: 2)
    for kind in [DeviceKind.cpu, .gpu] {
      var device = DeviceInfo.planning
      device.kind = kind
      let instances = tuning.instances(on: device, choosing: DefaultChooser())
      // The defaults are exact; only Winograd's kernels fuse it.
      let normalizing = instances.indices.filter {
        instances[$0].name == "conv2d_forward" && instances[$0].problemText.contains("bn-relu")
      }
      #expect(!normalizing.isEmpty)
      for index in normalizing {
        try #require(index + 1 < instances.count)
        #expect(instances[index + 1].name == "batchnorm_relu_forward")
        #expect(instances[index + 1].tensors.first == instances[index].tensors.first)
      }
    }
  }
}
