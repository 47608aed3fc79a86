#if !arch(x86_64)
  /// Four words, aligned to 16 bytes, that say which of eight floats each lane of a vector is.
  struct Picks8 {
    private let words: SIMD4<UInt32>

    @inline(__always)
    init(_ from: UnsafeRawPointer) { words = from.load(as: SIMD4<UInt32>.self) }

    /// Lane i is the float that bits 3i … 3i + 2 of a word name.
    @inline(__always)
    func pick(_ word: Int32, _ from: UnsafePointer<Float>) -> Float8 {
      let bits = words[Int(word)]
      var value = Float8(repeating: 0)
      for lane in 0..<8 { value[lane] = from[Int(bits >> UInt32(3 * lane)) & 7] }
      return value
    }
  }
#endif
