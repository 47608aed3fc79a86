import KernelContract

/// Copies floats; where there are eight at least, the last vector overlaps the one before, so that none is masked.
@inline(__always)
func copyFloats(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ count: Int) {
  if count < 8 { return store8(load8(from, count: count), to, count: count) }
  var i = 0
  while i + 8 <= count {
    store8(load8(from + i), to + i)
    i += 8
  }
  if i < count { store8(load8(from + (count - 8)), to + (count - 8)) }
}
