import Autotuner
import DeviceRuntime

/// y = sums of regions of x that are read many times: what a cache gives when nothing is computed.
package enum PeakCacheRead: TunableOperation {
  package struct Problem: Hashable, Codable, Sendable, CustomStringConvertible {
    /// Work-groups, each of which reads one region; as many as `regions` or more.
    package var groups: Int
    package var regions: Int
    /// Floats of a region.
    package var count: Int
    package var iterations: Int

    package init(groups: Int, regions: Int, count: Int, iterations: Int) {
      precondition(
        groups >= regions && regions > 0 && count > 0 && iterations >= 0,
        "\(iterations) readings of \(count) by \(groups) groups in \(regions) regions")
      self.groups = groups
      self.regions = regions
      self.count = count
      self.iterations = iterations
    }

    package var description: String { "\(groups) of \(regions)x\(count) x\(iterations)" }

    /// Bytes that all groups together read.
    var bytesRead: Double { 4 * Double(groups) * Double(count) * Double(iterations) }
  }

  package struct Configuration: Hashable, Codable, Sendable, CustomStringConvertible {
    /// Floats of a vector; divides a region's.
    package var vec: Int
    /// Vectors that a work-item adds up apart.
    package var unroll: Int
    /// Work-items in a group: 1 on a CPU, 64...256 on a GPU.
    package var wgX: Int

    package var description: String { "v\(vec)_u\(unroll)_wg\(wgX)" }
  }

  package static var name: String { "peak_cache_read" }

  package static var exampleProblems: [Problem] {
    [(1, 1, 1, 3), (3, 2, 255, 2), (4, 1, 1000, 7), (5, 5, 3844, 2), (2, 2, 4096, 0)].map {
      Problem(groups: $0, regions: $1, count: $2, iterations: $3)
    }
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("x", .input, count: problem.regions * problem.count),
      TensorArgument("y", .output, count: problem.groups),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    let cpu = [(16, 8), (16, 4), (8, 8)].map { Configuration(vec: $0, unroll: $1, wgX: 1) }
    let gpu = [(4, 4, 256), (4, 8, 128), (1, 8, 256)].map {
      Configuration(vec: $0, unroll: $1, wgX: min($2, device.maxWorkGroup))
    }
    let any = [Configuration(vec: 1, unroll: 8, wgX: 1)]
    return unique(device.kind == .gpu ? gpu + cpu + any : cpu + any + gpu).filter {
      problem.count.isMultiple(of: $0.vec)  // every region starts at a whole vector
    }
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "peak/peak_cache_read.cl", entryPoint: "peak_cache_read",
          macros: [
            Macro("VEC", configuration.vec), Macro("UNROLL", configuration.unroll),
            Macro("WG_X", configuration.wgX),
          ],
          range: NDRange(
            groups: NDRange.Size(problem.groups), local: NDRange.Size(configuration.wgX)),
          arguments: [
            .buffer("x"), .buffer("y"), .int(problem.regions), .int(problem.count),
            .int(problem.iterations),
          ]))
    ])
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(
      flops: problem.bytesRead / 4,
      bytes: 4 * Double(problem.regions * problem.count + problem.groups))
  }

  package static func work(
    _ problem: Problem, _ configuration: Configuration, on device: DeviceInfo
  ) -> Work {
    let cost = cost(problem)
    return Work(
      flops: cost.flops,
      traffic: Traffic(cacheBytes: problem.bytesRead, memoryBytes: cost.bytes))
  }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let x = inputs[0]
    let times = Double(problem.iterations)
    let terms = problem.count * problem.iterations
    let growth = 4 * (Double(terms).squareRoot() + 1) * roundoff
    return [
      ReferenceOutput([problem.groups], terms: terms) { group in
        let start = group % problem.regions * problem.count
        var element: ReferenceOutput.Element = (0, 0)
        for index in start..<start + problem.count {
          element.value += times * x[index]
          element.tolerance += growth * times * abs(x[index])
        }
        return element
      }
    ]
  }
}
