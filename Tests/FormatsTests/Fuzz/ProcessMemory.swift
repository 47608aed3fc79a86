#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// glibc's, from a header that its module leaves out: gives free memory back to the system.
@_silgen_name("malloc_trim") private func malloc_trim(_ kept: Int) -> Int32

/// The process's own memory as the kernel counts it.
enum ProcessMemory {
  /// Forgets the highest resident size so far (Linux: 5 into clear_refs) and returns the present one, in bytes.
  static func restart() -> Int {
    _ = malloc_trim(0)
    if let file = fopen("/proc/self/clear_refs", "w") {
      fputs("5", file)
      fclose(file)
    }
    return status("VmRSS:")
  }

  /// The highest resident size since `restart()`, in bytes.
  static var highest: Int { status("VmHWM:") }

  private static func status(_ key: String) -> Int {
    guard let file = fopen("/proc/self/status", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = line.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
      if text.hasPrefix(key) {
        return (text.split(whereSeparator: { " \t\n".contains($0) }).dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
      }
    }
    return 0
  }
}
