/// Eight floats: the vector of every f32 kernel of this module.
typealias Float8 = SIMD8<Float>

@inline(__always)
func load8(_ from: UnsafePointer<Float>) -> Float8 { UnsafeRawPointer(from).loadUnaligned(as: Float8.self) }

@inline(__always)
func store8(_ value: Float8, _ to: UnsafeMutablePointer<Float>) { UnsafeMutableRawPointer(to).storeBytes(of: value, as: Float8.self) }

@inline(__always)
func splat8(_ value: Float) -> Float8 { Float8(repeating: value) }
