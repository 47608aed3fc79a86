import CMachine
import KernelContract
import Kernels
import KernelsAVX512
import Plan
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The machine this process runs on: whether the kernels run there, how many processors it may use, what it is called.
package enum HostMachine {
  private static let checked = Result { try Machine.current() }

  /// - Throws: `unsupportedMachine` where the processor lacks instructions that the kernels need.
  static func machine() throws -> Machine { try checked.get() }

  /// The kernels, once the machine is known to run them: asking for the table already runs code compiled for it.
  static func kernels() throws -> [KernelEntry] {
    _ = try machine()
    return table
  }

  private static let table =
    (has(CMACHINE_AVX512_VNNI) ? kernelTableVNNI() : []) + (has(CMACHINE_AVX512) ? kernelTableAVX512() : []) + kernelTable()

  private static func has<Feature: BinaryInteger>(_ feature: Feature) -> Bool { cmachine_features() & UInt32(feature) != 0 }

  /// Processors that this process may run on; at least 1.
  static var processorCount: Int { Int(cmachine_processor_count()) }

  /// The processor's name, as the system tells it; empty where it does not.
  static var processorName: String {
    guard let file = fopen("/proc/cpuinfo", "re") else { return "" }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 512)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      guard text.hasPrefix("model name"), let colon = text.firstIndex(of: ":") else { continue }
      return String(text[text.index(after: colon)...].drop { $0 == " " }.prefix { $0 != "\n" })
    }
    return ""
  }

  /// Now, in UTC, as 2026-01-31T12:00:00Z.
  static var timestamp: String {
    var now = time(nil)
    var parts = tm()
    guard gmtime_r(&now, &parts) != nil else { return "" }
    var text = [CChar](repeating: 0, count: 32)
    let length = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
    return String(decoding: text.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Checks a caller's number of threads; 0 becomes one for each processor.
  package static func threads(_ count: Int32) throws -> Int {
    guard (0...1024).contains(count) else {
      throw Failure(.invalidArgument, "the number of threads must be 0 (one for each processor) to 1024, not \(count)")
    }
    return count == 0 ? min(processorCount, 1024) : Int(count)
  }
}
