import KernelContract

/// One strip of one channel in scratch, and where the window's columns lie in it.
struct StripF32 {
  /// Floats of a line and of a phase.
  var lineFloats: Int
  var pitch: Int
  var columns: Int
  /// For each column of the window its distance from the beginning of a line.
  var places: UnsafeMutablePointer<Int>
  var floats: UnsafeMutablePointer<Float>

  /// Everything is `fill` at first; what lies beside the image stays so.
  /// - Parameters:
  ///   - lines: of the input, as many as the strip holds.
  ///   - scratch: aligned to 64 bytes.
  @inline(__always)
  init(_ g: Geometry, pitch: Int, columns: Int, lines: Int, fill: Float, _ scratch: UnsafeMutableRawPointer) {
    self.pitch = pitch
    self.columns = columns
    lineFloats = pitch * g.strideX
    places = scratch.assumingMemoryBound(to: Int.self)
    floats = (scratch + 8 * roundUp(g.kernelWidth, to: 8)).assumingMemoryBound(to: Float.self)
    for tap in 0..<g.kernelWidth {
      let column = tap * g.dilationX
      places[tap] = column % g.strideX * pitch + column / g.strideX
    }
    for index in 0..<lines * lineFloats + 32 { floats[index] = fill }
  }

  /// Copies input lines `first ..< first + count` (which may lie outside the image: then `fill`) of the plane.
  @inline(__always)
  func load(_ g: UnsafePointer<Geometry>, _ plane: UnsafePointer<Float>, first: Int, count: Int, fill: Float) {
    let (width, stride) = (g.pointee.inputWidth, g.pointee.strideX)
    let begin = min(max(g.pointee.padLeft, 0), columns)
    let inside = min(columns, g.pointee.padLeft + width) - begin
    if inside <= 0 { return }
    var to = floats
    for line in first..<first + count {
      if line < 0 || line >= g.pointee.inputHeight {
        for i in 0..<lineFloats { to[i] = fill }
      } else {
        let from = plane + (line * width + begin - g.pointee.padLeft)
        if stride == 1 {
          copyFloats(from, to + begin, inside)
        } else if stride == 2 {
          // The first column goes to one phase, the second to the other.
          let odd = begin % 2
          dealPairs(from, to + (odd * pitch + begin / 2), to + ((1 - odd) * pitch + (begin + 1) / 2), inside)
        } else {
          deal(from, to, begin, begin + inside, pitch, stride)
        }
      }
      to += lineFloats
    }
  }
}

/// Every other element to either place.
@inline(__always)
private func dealPairs(
  _ from: UnsafePointer<Float>, _ first: UnsafeMutablePointer<Float>, _ second: UnsafeMutablePointer<Float>, _ count: Int
) {
  var i = 0
  while i + 16 <= count {
    dealVectors(from + i, first + i / 2, second + i / 2)
    i += 16
  }
  if i == count { return }
  if count >= 16 {
    // The last sixteen, from an even place on; then one element at most is left.
    i = (count - 16) / 2 * 2
    dealVectors(from + i, first + i / 2, second + i / 2)
    i += 16
  }
  while i < count {
    if i % 2 == 0 { first[i / 2] = from[i] } else { second[i / 2] = from[i] }
    i += 1
  }
}

@inline(__always)
private func dealVectors(_ from: UnsafePointer<Float>, _ first: UnsafeMutablePointer<Float>, _ second: UnsafeMutablePointer<Float>) {
  let both = SIMD16(lowHalf: load8(from), highHalf: load8(from + 8))
  store8(both.evenHalf, first)
  store8(both.oddHalf, second)
}

@inline(never)
private func deal(
  _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ begin: Int, _ end: Int, _ pitch: Int, _ stride: Int
) {
  for column in begin..<end { to[column % stride * pitch + column / stride] = from[column - begin] }
}
