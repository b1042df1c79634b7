// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "widecl",
  products: [
    .library(
      name: "WideCL",
      targets: ["DeviceRuntime", "Graph", "Models", "Datasets", "Training"]),
    .executable(name: "widecl", targets: ["widecl"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
  ],
  targets: [
    // System libraries and the kernels.
    .systemLibrary(
      name: "COpenCL", pkgConfig: "OpenCL",
      providers: [.apt(["ocl-icd-opencl-dev", "opencl-c-headers"])]),
    .systemLibrary(name: "CCLBlast", pkgConfig: "clblast", providers: [.apt(["libclblast-dev"])]),
    .systemLibrary(name: "CMalloc"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CTIFF", pkgConfig: "libtiff-4", providers: [.apt(["libtiff-dev"])]),
    .systemLibrary(name: "CWebP", pkgConfig: "libwebp", providers: [.apt(["libwebp-dev"])]),
    .systemLibrary(
      name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
      name: "CLAPACK", pkgConfig: "lapacke", providers: [.apt(["liblapacke-dev"])]),
    .target(name: "CImages", dependencies: ["CJPEG", "CPNG", "CTIFF", "CWebP"]),
    .target(name: "CLBlastParameters", dependencies: ["CCLBlast"]),
    .target(name: "CKernels", path: "Kernels", sources: ["kernels.c"]),

    // The engine, in the order of its imports.
    .target(
      name: "DeviceRuntime",
      dependencies: [
        "COpenCL", "CCLBlast", "CLBlastParameters", "CKernels",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .target(name: "Randomness", swiftSettings: settings),
    .target(name: "Files", swiftSettings: settings),
    .target(name: "Protobuf", swiftSettings: settings),
    .target(name: "Spelling", swiftSettings: settings),
    .target(name: "Autotuner", dependencies: ["DeviceRuntime", "Files"], swiftSettings: settings),
    .target(
      name: "Operators", dependencies: ["Autotuner", "DeviceRuntime", "Randomness"],
      swiftSettings: settings),
    .target(
      name: "Graph", dependencies: ["Operators", "Autotuner", "DeviceRuntime"],
      swiftSettings: settings),
    .target(
      name: "Models", dependencies: ["Graph", "Operators", "DeviceRuntime", "Spelling"],
      swiftSettings: settings),
    .target(
      name: "Datasets",
      dependencies: [
        "CArchive", "CCrypto", "CImages", "CLAPACK", "CZlib", "Files", "Randomness", "Spelling",
      ],
      swiftSettings: settings),
    .target(
      name: "Training",
      dependencies: [
        "Models", "Graph", "Operators", "Autotuner", "DeviceRuntime", "Datasets", "Randomness",
        "Files", "Protobuf", "Spelling", .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .target(
      name: "Experiments",
      dependencies: [
        "Training", "Models", "Graph", "Autotuner", "DeviceRuntime", "Datasets", "Files",
      ],
      swiftSettings: settings),
    .target(
      name: "Exchange", dependencies: ["Training", "Models", "Graph", "Operators", "Protobuf"],
      swiftSettings: settings),
    .executableTarget(
      name: "widecl",
      dependencies: [
        "CMalloc", "Exchange", "Experiments", "Training", "Models", "Graph", "Operators",
        "Autotuner", "DeviceRuntime", "Datasets", "Files", "Spelling",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "FlyingFox", package: "FlyingFox"),
        .product(name: "FlyingSocks", package: "FlyingFox"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "FashionMNISTExample",
      dependencies: ["DeviceRuntime", "Graph", "Datasets", "Training"],
      path: "Examples/FashionMNIST", swiftSettings: settings),

    .executableTarget(
      name: "widecl-benchmarks",
      dependencies: [
        "Training", "Models", "Graph", "Operators", "Autotuner", "DeviceRuntime", "Datasets",
      ],
      path: "benchmarks",
      exclude: [
        "README.md", "compare.py", "convergence.py", "pytorch_step.py", "results", "roofline.py",
        "transfer.py",
      ],
      swiftSettings: settings),

    .target(name: "Meter", path: "fuzz/Meter"),
    .executableTarget(
      name: "widecl-fuzz",
      dependencies: [
        "Meter", "Training", "Models", "Graph", "Operators", "Autotuner", "DeviceRuntime",
        "Datasets", "CZlib", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "fuzz/Command", swiftSettings: settings),

    // Tests.
    .target(name: "CreatedBuffers", dependencies: ["COpenCL"], path: "Tests/CreatedBuffers"),
    .target(
      name: "TestSupport",
      dependencies: ["DeviceRuntime", "Autotuner", "Operators", "Files", "Randomness"],
      path: "Tests/TestSupport", swiftSettings: settings),
    .testTarget(
      name: "DeviceRuntimeTests", dependencies: ["DeviceRuntime", "CreatedBuffers", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "AutotunerTests",
      dependencies: ["Autotuner", "Operators", "DeviceRuntime", "Files", "TestSupport"],
      resources: [.copy("Spaces")], swiftSettings: settings),
    .testTarget(
      name: "OperatorsTests",
      dependencies: ["Operators", "Autotuner", "DeviceRuntime", "Randomness", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "GraphTests",
      dependencies: [
        "Graph", "Operators", "Autotuner", "DeviceRuntime", "CreatedBuffers", "TestSupport",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ModelsTests", dependencies: ["Models", "Graph", "DeviceRuntime", "TestSupport"],
      swiftSettings: settings),
    .testTarget(name: "SpellingTests", dependencies: ["Spelling"], swiftSettings: settings),
    .testTarget(
      name: "RandomnessTests", dependencies: ["Randomness"], swiftSettings: settings),
    .testTarget(name: "ProtobufTests", dependencies: ["Protobuf"], swiftSettings: settings),
    .testTarget(
      name: "DatasetsTests", dependencies: ["Datasets", "Randomness"],
      resources: [.copy("Arrays"), .copy("Images"), .copy("Matrices"), .copy("Whitening")],
      swiftSettings: settings),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Training", "Models", "Graph", "Operators", "Autotuner", "Datasets", "DeviceRuntime",
        "Files", "TestSupport",
      ],
      resources: [.copy("Traces"), .copy("Torchvision")], swiftSettings: settings),
    .testTarget(
      name: "ExperimentsTests",
      dependencies: ["Experiments", "Training", "Models", "Graph", "Datasets"],
      swiftSettings: settings),
    .testTarget(
      name: "ExchangeTests",
      dependencies: ["Exchange", "Training", "Models", "Graph", "Datasets", "TestSupport"],
      resources: [.copy("Golden")], swiftSettings: settings),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "widecl", "widecl-benchmarks", "Training", "Models", "Graph", "Operators", "Autotuner",
        "DeviceRuntime", "Datasets", "TestSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      exclude: ["Shims"], swiftSettings: settings),
  ]
)

// Its tools would be built with every test.
if Context.environment["WITH_DOCUMENTATION"] != nil {
  package.dependencies.append(
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}
