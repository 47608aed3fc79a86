#if arch(x86_64)
  import CIntrinsics

  /// Four words, aligned to 16 bytes, that say which of eight floats each lane of a vector is.
  struct Picks8 {
    private let words: SIMD4<Int64>

    @inline(__always)
    init(_ from: UnsafeRawPointer) { words = nsk_words_twice(from) }

    /// Lane i is the float that bits 3i … 3i + 2 of a word name.
    @inline(__always)
    func pick(_ word: Int32, _ from: UnsafePointer<Float>) -> Float8 { nsk_pick8(words, word, from) }
  }
#endif
