/// Sixty-four bytes, taken as sixteen quads.
typealias Quads16 = SIMD64<UInt8>

/// The quad at `from`, sixteen times.
@inline(__always)
func splatQuad16(_ from: UnsafePointer<UInt8>) -> Quads16 {
  unsafeBitCast(SIMD16<UInt32>(repeating: UnsafeRawPointer(from).loadUnaligned(as: UInt32.self)), to: Quads16.self)
}

@inline(__always)
func loadQuads16(_ from: UnsafePointer<Int8>) -> Quads16 { UnsafeRawPointer(from).loadUnaligned(as: Quads16.self) }
