import DeviceRuntime
import Foundation

/// What a check holds for exactly.
package struct CheckKey: Hashable, Codable, Sendable {
  package var operation: String
  package var problem: String
  package var configuration: String
  /// A digest of the expanded sources and options of the operation's programs, and of CLBlast with
  /// its products.
  package var programs: String
  /// A digest of the device, its driver and all else that decides what its compiler makes.
  package var device: String

  package init(
    operation: String, problem: String, configuration: String, plan: OperationPlan,
    products: BLAS.Parameters, context: Context, device: String
  ) throws(CLError) {
    self.operation = operation
    self.problem = problem
    self.configuration = configuration
    self.device = device
    var text = ""
    for launch in plan.launches {
      switch launch {
      case .kernel(let kernel):
        text += "\(try context.digest(kernel.source, macros: kernel.macros)) \(kernel.entryPoint)\n"
      case .product(var product, _, _, _, _):
        product.parameters = product.parameters ?? products
        text += "\(BLAS.libraryDigest) \(product)\n"
      case .nested(let nested, _):
        preconditionFailure("\(operation): \(nested.name) in it is not expanded")
      }
    }
    programs = String(fnv1a(text.utf8), radix: 16)
  }
}

extension DeviceInfo {
  /// A digest of what decides what the device's compiler makes of a program: the device, its
  /// driver, the variables that change one, and for a CPU its model and flags.
  package func compilerDigest(environment: [String: String]) -> String {
    let variables = environment.filter { name, _ in
      name != HostProcessor.poclAffinity
        && DeviceInfo.compilerVariables.contains { name.hasPrefix($0) }
    }.map { "\($0)=\($1)" }.sorted()
    let facts = [name, vendor, platform, platformVersion, driver, version] + extensions
    let processor = kind == .cpu ? DeviceInfo.processor : []
    return String(fnv1a((facts + variables + processor).joined(separator: "\n").utf8), radix: 16)
  }

  /// Beginnings of the variables' names that change a driver's compiler or which driver it is.
  package static let compilerVariables = [
    "POCL_", "CL_CONFIG_", "IGC_", "NEO", "OCL_", "CUDA_", "NV_", "AMD_", "GPU_", "ROC", "HSA_",
    "HIP_", "RUSTICL_", "MESA_", "GALLIUM_", "LP_", "RADEON", "ICD_", "OPENCL_", "CLBLAST_",
    "LLVM_",
  ]

  /// The model and the flags of the first processor, where Linux tells.
  private static let processor: [String] = {
    guard let data = FileManager.default.contents(atPath: "/proc/cpuinfo") else { return [] }
    let names = ["vendor_id", "cpu family", "model", "model name", "stepping", "flags", "Features"]
    return String(decoding: data, as: UTF8.self).split(separator: "\n\n").first?
      .split(separator: "\n").filter { line in
        names.contains(line.prefix { $0 != ":" }.trimmingCharacters(in: .whitespaces))
      }.map(String.init) ?? []
  }()
}
