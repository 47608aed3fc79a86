// swift-tools-version:6.2
import PackageDescription

// The kernels are compiled for the instruction set they are written for; everything else stays at the platform's
// baseline, so that a processor without it gets a status instead of an illegal instruction.
#if arch(x86_64)
  let kernelFlags: [SwiftSetting] = [
    .unsafeFlags([
      "-Ounchecked", "-Xcc", "-mavx2", "-Xcc", "-mfma", "-Xcc", "-mf16c", "-Xcc", "-mbmi", "-Xcc", "-mbmi2", "-Xcc", "-mpopcnt",
    ])
  ]
  let wideFlags: [SwiftSetting] =
    kernelFlags + [.unsafeFlags(["f", "bw", "dq", "vl"].flatMap { ["-Xcc", "-mavx512\($0)"] })]
#else
  let kernelFlags: [SwiftSetting] = [.unsafeFlags(["-Ounchecked"])]
  let wideFlags = kernelFlags
#endif

/// For what builds networks or only translates: bytes count there, not time.
let small: [SwiftSetting] = [.unsafeFlags(["-Osize"])]

/// A module of the library. Its dependencies are the import table of docs/architecture.md.
func module(_ name: String, _ dependencies: [Target.Dependency] = [], flags: [SwiftSetting] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: flags)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies + ["TestSupport"])
}

let package = Package(
  name: "netsuke",
  products: [.library(name: "netsuke", type: .dynamic, targets: ["NetsukeC"])],
  dependencies: [.package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: [])],
  targets: [
    // MARK: The C that Swift cannot say
    .systemLibrary(name: "CNetsuke", path: "include"),
    .systemLibrary(name: "CIntrinsics", path: "Sources/CIntrinsics"),
    .target(name: "CMachine"),

    // MARK: The library, in the direction of flow
    module("Tensors"),
    module("Graph", ["Tensors"]),
    module("Architectures", ["Tensors", "Graph"], flags: small),
    module("KernelContract"),
    module("Kernels", ["KernelContract", "CIntrinsics"], flags: kernelFlags),
    module("KernelsAVX512", ["KernelContract", "CIntrinsics"], flags: wideFlags),
    module("Formats", ["Tensors", "Graph", .product(name: "SwiftProtobuf", package: "swift-protobuf")]),
    module("Reference", ["Tensors", "Graph"]),
    module("Passes", ["Tensors", "Graph", "Reference"]),
    module("Compression", ["Tensors", "Graph", "Passes"]),
    module("Plan", ["Tensors", "Graph", "KernelContract", "CMachine"]),
    module("Runtime", ["Tensors", "KernelContract", "CMachine", "Plan", "Kernels"]),
    module(
      "Netsuke",
      [
        "Tensors", "Graph", "Architectures", "Formats", "Passes", "Compression", "KernelContract", "Kernels", "KernelsAVX512", "Plan",
        "Runtime", "CMachine",
      ]),
    module("NetsukeC", ["Netsuke", "CNetsuke"], flags: small),

    // MARK: Benchmarks: `swift run -c release KernelBenchmarks`
    .executableTarget(
      name: "KernelBenchmarks",
      dependencies: ["Kernels", "KernelsAVX512", "KernelContract", "CMachine", "Plan", "Runtime", "Formats", "Passes"], path: "Benchmarks",
      exclude: ["peers"], swiftSettings: kernelFlags),

    // MARK: Tests
    .target(name: "TestSupport", dependencies: ["Tensors", "Graph", "Reference"], path: "Tests/TestSupport"),
    tests("TensorsTests", ["Tensors"]),
    tests("GraphTests", ["Graph", "Passes", "Reference"]),
    tests("FormatsTests", ["Formats", "Passes", "Reference"]),
    tests("ArchitecturesTests", ["Architectures", "Compression", "CProbe", "Formats", "Netsuke", "Passes", "Reference"]),
    tests("KernelTests", ["Kernels", "KernelsAVX512", "KernelContract", "CMachine"]),
    .target(name: "CProbe", path: "Tests/CProbe"),
    tests("RuntimeTests", ["Plan", "Runtime", "Kernels", "Formats", "Passes", "Reference", "CProbe"]),
    tests("CompressionTests", ["Compression", "Passes", "Reference"]),
    tests("EndToEndTests", ["Netsuke"]),
    tests("ABITests", ["NetsukeC", "CNetsuke", "Netsuke"]),
    tests("HouseTests", []),
  ],
  swiftLanguageModes: [.v6]
)
