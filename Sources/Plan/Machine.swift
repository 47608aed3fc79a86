import CMachine
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What a plan needs to know of the processor: instruction sets and cache sizes.
package struct Machine: Sendable, Hashable {
  /// A sum of the `CMACHINE_` bits.
  package var features: UInt32
  /// Bytes of one core's first and second level data caches, and of the last level one.
  package var level1Bytes: Int
  package var level2Bytes: Int
  package var level3Bytes: Int

  package init(features: UInt32, level1Bytes: Int, level2Bytes: Int, level3Bytes: Int) {
    self.features = features
    self.level1Bytes = level1Bytes
    self.level2Bytes = level2Bytes
    self.level3Bytes = level3Bytes
  }

  /// This machine. Cache sizes that the system does not tell are taken as 32 KiB, 512 KiB and 4 MiB.
  /// - Throws: `unsupportedMachine` where the processor lacks the instructions that the kernels are compiled for.
  package static func current() throws -> Machine {
    let features = cmachine_features()
    try requireKernelInstructions(features)
    func cache(_ name: Int, _ fallback: Int) -> Int {
      let bytes = sysconf(Int32(name))
      return bytes > 0 ? bytes : fallback
    }
    #if canImport(Glibc)
      return Machine(
        features: features,
        level1Bytes: cache(Int(_SC_LEVEL1_DCACHE_SIZE), 32 << 10), level2Bytes: cache(Int(_SC_LEVEL2_CACHE_SIZE), 512 << 10),
        level3Bytes: min(sharedCache ?? Int.max, cache(Int(_SC_LEVEL3_CACHE_SIZE), 4 << 20)))
    #else
      return Machine(features: features, level1Bytes: 32 << 10, level2Bytes: 512 << 10, level3Bytes: 4 << 20)
    #endif
  }

  /// The last-level cache as the kernel reports it. The C library multiplies it on some virtual machines (320 MiB for 32 were seen).
  private static var sharedCache: Int? {
    guard let file = fopen("/sys/devices/system/cpu/cpu0/cache/index3/size", "re") else { return nil }
    defer { fclose(file) }
    var bytes = 0
    while bytes < 1 << 40 {
      let digit = fgetc(file)
      guard (48...57).contains(digit) else { break }
      bytes = 10 * bytes + Int(digit - 48)
    }
    // The unit, K, is the character that ended the loop.
    return bytes > 0 ? bytes << 10 : nil
  }

  /// Refuses a processor (by its feature bits) that would stop at the kernels' first instruction.
  package static func requireKernelInstructions(_ features: UInt32) throws {
    #if arch(x86_64)
      let needed: [(bit: Int, name: String)] = [
        (Int(CMACHINE_AVX2), "AVX2"), (Int(CMACHINE_FMA), "FMA"), (Int(CMACHINE_F16C), "F16C"), (Int(CMACHINE_BMI2), "BMI2"),
      ]
      let missing = needed.filter { features & UInt32($0.bit) == 0 }.map(\.name)
      guard missing.isEmpty else {
        throw Failure(
          .unsupportedMachine, "this processor lacks \(missing.joined(separator: ", ")); netsuke runs on x86-64 processors from 2013 on")
      }
    #endif
  }
}
