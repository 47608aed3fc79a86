import KernelContract
import Kernels
import Testing

#if !hasFeature(Embedded)
  import CMachine
  import KernelsAVX512
#endif

/// Every kernel that this machine can run.
func allKernels() -> [KernelEntry] {
  #if hasFeature(Embedded)
    return kernelTable()
  #else
    let features = cmachine_features()
    return (features & UInt32(CMACHINE_AVX512_VNNI) != 0 ? kernelTableVNNI() : [])
      + (features & UInt32(CMACHINE_AVX512) != 0 ? kernelTableAVX512() : []) + kernelTable()
  #endif
}

/// The registry's kernels of a family; a family without one fails the test that asks.
func kernels(_ family: KernelFamily) -> [KernelEntry] {
  let entries = allKernels().filter { $0.family == family }
  #expect(!entries.isEmpty, "no kernel of the family \(family)")
  return entries
}

/// Runs every task of a step. The scratch is as large as the descriptor says, between guard pages and full of NaN.
/// - Parameter taskByTask: one call a task, last task first, instead of one call for all.
func run<D: StepDescriptor>(
  _ entry: KernelEntry, _ descriptor: D, _ buffers: [UnsafeMutableRawPointer], taskByTask: Bool = false,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  // Rounded up to 64 so that it can begin on a 64-byte boundary and end at the guard page.
  let scratch = GuardedBuffer<UInt8>(repeating: 0xFF, count: (descriptor.scratchBytes + 63) / 64 * 64)
  let tasks = descriptor.taskCount
  #if hasFeature(Embedded)
    noteRun(entry)
  #endif
  withUnsafeBytes(of: descriptor) { bytes in
    buffers.withUnsafeBufferPointer { buffers in
      guard let descriptor = bytes.baseAddress, let buffers = buffers.baseAddress else { return }
      if taskByTask {
        for task in (0..<tasks).reversed() { entry.step(descriptor, buffers, task, task + 1, scratch.pointer) }
      } else {
        entry.step(descriptor, buffers, 0, tasks, scratch.pointer)
      }
    }
  }
  #expect(scratch.isIntact, "\(entry.id) wrote outside its scratch", sourceLocation: sourceLocation)
}

/// Runs a step into a fresh output twice, at once and task by task, and wants the same bits and nothing written outside.
/// - Returns: the output.
func output<D: StepDescriptor, T: BitwiseCopyable & Equatable>(
  _ entry: KernelEntry, _ descriptor: D, fill: T, count: Int, inputs: [UnsafeMutableRawPointer],
  sourceLocation: SourceLocation = #_sourceLocation
) -> [T] {
  let whole = GuardedBuffer(repeating: fill, count: count, .flushWithEnd)
  let pieces = GuardedBuffer(repeating: fill, count: count, .flushWithStart)
  run(entry, descriptor, [UnsafeMutableRawPointer(whole.pointer)] + inputs, sourceLocation: sourceLocation)
  run(entry, descriptor, [UnsafeMutableRawPointer(pieces.pointer)] + inputs, taskByTask: true, sourceLocation: sourceLocation)
  #expect(whole.isIntact && pieces.isIntact, "\(entry.id) wrote outside its output", sourceLocation: sourceLocation)
  let bytes = count * MemoryLayout<T>.stride
  let same = UnsafeRawBufferPointer(start: whole.pointer, count: bytes).elementsEqual(
    UnsafeRawBufferPointer(start: pieces.pointer, count: bytes))
  #expect(same, "\(entry.id) depends on how its tasks are split", sourceLocation: sourceLocation)
  return whole.elements
}

/// A repeatable source of numbers (Steele, Lea and Flood's SplitMix64).
struct Numbers: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: Int) { state = UInt64(truncatingIfNeeded: seed) }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
  mutating func pick<T>(_ list: [T]) -> T { list[int(0...list.count - 1)] }
  mutating func floats(_ count: Int, _ range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }
  mutating func codes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }
  mutating func signedCodes(_ count: Int) -> [Int8] { (0..<count).map { _ in Int8.random(in: -128...127, using: &self) } }
}
