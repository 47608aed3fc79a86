import CMachine
import Compression
import KernelContract
import Tensors

/// What was built in and what the machine offers.
package enum BuildInfo {
  /// JSON: version, abi, methods, recipes, machine, kernels (empty where the machine cannot run them).
  package static func json(version: String, abi: Int) -> String {
    let features = cmachine_features()
    let names: [(Int, String)] = [
      (Int(CMACHINE_AVX2), "avx2"), (Int(CMACHINE_FMA), "fma"), (Int(CMACHINE_F16C), "f16c"), (Int(CMACHINE_BMI2), "bmi2"),
      (Int(CMACHINE_AVX512), "avx512"), (Int(CMACHINE_AVX512_VNNI), "avx512_vnni"), (Int(CMACHINE_AVX_VNNI), "avx_vnni"),
    ]
    let kernels = (try? HostMachine.kernels()) ?? []
    return JSONValue.object([
      .init("version", .string(version)),
      .init("abi", .number(Double(abi))),
      .init("supported_machine", .bool((try? HostMachine.machine()) != nil)),
      .init("processor", .string(HostMachine.processorName)),
      .init("features", .strings(names.filter { features & UInt32($0.0) != 0 }.map(\.1))),
      .init("methods", .strings(MethodRegistry.names)),
      .init("recipes", .strings(Recipe.shipped.map(\.name))),
      .init("kernels", .strings(kernels.map { "\($0.id)" })),
    ]).text()
  }
}
