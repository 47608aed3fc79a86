/// Thirty-two bytes, taken as eight quads.
typealias Quads8 = SIMD32<UInt8>

/// The quad at `from`, eight times.
@inline(__always)
func splatQuad(_ from: UnsafePointer<UInt8>) -> Quads8 {
  unsafeBitCast(SIMD8<UInt32>(repeating: UnsafeRawPointer(from).loadUnaligned(as: UInt32.self)), to: Quads8.self)
}

@inline(__always)
func loadQuads(_ from: UnsafePointer<Int8>) -> Quads8 { UnsafeRawPointer(from).loadUnaligned(as: Quads8.self) }
