import CMachine
import KernelContract
import Kernels
import KernelsAVX512

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

// Times every kernel of the registry on its family's cases: KernelBenchmarks [text that the line must contain].
// KernelBenchmarks --calibrate prints the cost table of this machine, --calibrate-avx2 that of the kernels without AVX-512; with `sparse`
// behind, only the part for weights with zeros.
// KernelBenchmarks sparse times sparse layers beside the dense kernels for the same layers.
// KernelBenchmarks sparse-rows [tiles] times layers whose zeros come in blocks of rows as such beside pairs of rows; with `tiles`, every tile.
// KernelBenchmarks sparse-winograd [rounds] times 3 × 3 layers by sparse coefficients of Winograd's transform in turns with the dense kernels.
// KernelBenchmarks sparse-codes times sparse layers of 8-bit codes beside the dense kernels, those for AVX2 and then all.
// KernelBenchmarks low-bit times fully connected layers of one row with codes of few bits beside the product in f32.
// KernelBenchmarks factors [threads [part of a name]] times factorized layers beside the layers they replace.
// KernelBenchmarks stream [threads] times fully connected factors of one row from memory, beside loads alone and the dense layer.
// KernelBenchmarks --network file.onnx [threads [rounds]] times a network with chains by bands and without.
let wide =
  (cmachine_features() & UInt32(CMACHINE_AVX512_VNNI) != 0 ? kernelTableVNNI() : [])
  + (cmachine_features() & UInt32(CMACHINE_AVX512) != 0 ? kernelTableAVX512() : [])
if let first = CommandLine.arguments.dropFirst().first, first.hasPrefix("--calibrate") {
  let entries = first == "--calibrate-avx2" ? kernelTable() : wide + kernelTable()
  if !CommandLine.arguments.contains("sparse") { Calibration(entries)?.run() }
  SparseCalibration(entries: entries).run()
  exit(0)
}
if CommandLine.arguments.dropFirst().first == "--network" {
  try compareBands(Array(CommandLine.arguments.dropFirst(2)))
  exit(0)
}
if CommandLine.arguments.dropFirst().first == "factors" {
  try FactorComparison(Array(CommandLine.arguments.dropFirst(2))).run()
  exit(0)
}
if CommandLine.arguments.dropFirst().first == "stream" {
  try StreamComparison(Array(CommandLine.arguments.dropFirst(2))).run()
  exit(0)
}
if CommandLine.arguments.dropFirst().first == "sparse" {
  SparseComparison(entries: wide + kernelTable()).run()
  exit(0)
}
if CommandLine.arguments.dropFirst().first == "sparse-rows" {
  SparseRowsComparison(entries: wide + kernelTable()).run()
  exit(0)
}
if CommandLine.arguments.dropFirst().first == "sparse-codes" {
  SparseCodesComparison(entries: wide + kernelTable()).run()
  exit(0)
}
if CommandLine.arguments.dropFirst().first == "low-bit" {
  LowBitComparison(entries: wide + kernelTable()).run()
  exit(0)
}
if CommandLine.arguments.dropFirst().first == "sparse-winograd" {
  SparseWinogradComparison(entries: wide + kernelTable()).run()
  exit(0)
}
if CommandLine.arguments.dropFirst().first == "--sparse" {
  try compareSparse(Array(CommandLine.arguments.dropFirst(2)))
  exit(0)
}
let wanted = CommandLine.arguments.dropFirst().first
let cases =
  productF32Cases() + productU8S8Cases() + productQuadsCases() + productExcessCases() + winogradCases() + winogradU8S8Cases()
  + depthwiseF32Cases()
  + depthwiseU8S8Cases()
  + memoryCases() + bandCases()
  + strassenCases((wide + kernelTable()).first { $0.family == .gemmF32 })
let peak = measurePeak()
print("peak \(rounded(peak)) GFLOP/s in f32 on one core")
for entry in wide + kernelTable() {
  for item in cases where item.family == entry.family {
    let title = "\(entry.id) \(item.name)"
    if let wanted, !title.contains(wanted) { continue }
    let seconds = bestTime { item.run(entry) }
    var line = title + String(repeating: " ", count: max(1, 52 - title.count)) + "\(rounded(seconds * 1e6)) µs"
    line += "  \(rounded(item.bytes / seconds / 1e9)) GB/s"
    if item.macs > 0 {
      let rate = 2 * item.macs / seconds / 1e9
      line += "  \(rounded(rate)) GOP/s  \(rounded(100 * rate / peak)) % of the f32 peak"
    }
    print(line)
  }
}

func rounded(_ value: Double) -> String {
  let tenths = Int((value * 10).rounded())
  return "\(tenths / 10).\(tenths % 10)"
}
