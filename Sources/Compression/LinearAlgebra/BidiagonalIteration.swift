import Tensors

/// QR iterations that make a bidiagonal matrix diagonal (Demmel and Kahan 1990).
enum BidiagonalIteration {
  /// - d: the diagonal; afterwards the singular values, with signs, in no order.
  /// - e: e[i] lies right of d[i].
  /// - lefts, rights: rows that turn along.
  static func run(_ d: inout [Double], _ e: inout [Double], _ lefts: inout RowPanels, _ rights: inout RowPanels) throws {
    let n = d.count
    var turns = (left: RotationSweeps(), right: RotationSweeps())
    let norm = zip(d, e).reduce(0) { max($0, $1.0.magnitude + $1.1.magnitude) }
    let nothing = norm * 0x1p-58
    var end = n - 1, left = 60 * n + 60
    while end > 0 {
      // The last block without zeros beside the diagonal: start ... end.
      var start = end
      while start > 0 {
        guard e[start - 1].magnitude > max(nothing, 0x1p-51 * (d[start - 1].magnitude + d[start].magnitude)) else {
          e[start - 1] = 0
          break
        }
        start -= 1
      }
      if start == end {
        end -= 1
        continue
      }
      left -= 1
      guard left > 0 else { throw Failure(.internal, "the singular values of a matrix with \(n) columns do not converge") }
      turns.left.begin(at: start, step: 1)
      turns.right.begin(at: start, step: 1)
      // Zeros on the diagonal go to the end in one sweep without a shift, which splits them off.
      for i in start...end where d[i].magnitude <= nothing { d[i] = 0 }
      let shift = d[start...end].contains(0) ? 0 : shift(d[end - 1], e[end - 1], d[end]), share = shift / d[start]
      if shift == 0 || share * share < 0x1p-52 {
        sweepWithoutShift(&d, &e, start, end, &turns)
      } else {
        sweep(&d, &e, start, end, shift, &turns)
      }
      if turns.left.count > 32 * n {
        turns.left.apply(to: &lefts)
        turns.right.apply(to: &rights)
      }
    }
    turns.left.apply(to: &lefts)
    turns.right.apply(to: &rights)
  }

  /// c·f + s·g = r, c·g − s·f = 0
  @inline(__always)
  private static func rotation(_ f: Double, _ g: Double) -> (c: Double, s: Double, r: Double) {
    if g == 0 { return (1, 0, f) }
    let r = (f * f + g * g).squareRoot()
    guard r > 0x1p-500 else {
      // Squares that vanish: in another scale.
      let (x, y) = (f * 0x1p600, g * 0x1p600)
      let root = (x * x + y * y).squareRoot()
      return root > 0 ? (x / root, y / root, root * 0x1p-600) : (1, 0, f)
    }
    return (f / r, g / r, r)
  }

  /// The smaller singular value of [f g; 0 h].
  private static func shift(_ f: Double, _ g: Double, _ h: Double) -> Double {
    let (f, g, h) = (f.magnitude, g.magnitude, h.magnitude)
    let (small, large) = (min(f, h), max(f, h))
    guard small > 0 else { return 0 }
    // f·h over the larger value, which is ½(√((f + h)² + g²) + √((f − h)² + g²)).
    let sum = small + large, difference = large - small
    return small * (2 * large / ((sum * sum + g * g).squareRoot() + (difference * difference + g * g).squareRoot()))
  }

  private static func sweep(
    _ d: inout [Double], _ e: inout [Double], _ start: Int, _ end: Int, _ shift: Double,
    _ turns: inout (left: RotationSweeps, right: RotationSweeps)
  ) {
    var f = (d[start].magnitude - shift) * ((d[start] < 0 ? -1 : 1) + shift / d[start]), g = e[start]
    for i in start..<end {
      let (c, s, r) = rotation(f, g)
      if i > start { e[i - 1] = r }
      f = c * d[i] + s * e[i]
      e[i] = c * e[i] - s * d[i]
      g = s * d[i + 1]
      d[i + 1] *= c
      turns.right.rotate(c, s)
      let (k, t, q) = rotation(f, g)
      d[i] = q
      f = k * e[i] + t * d[i + 1]
      d[i + 1] = k * d[i + 1] - t * e[i]
      if i + 1 < end {
        g = t * e[i + 1]
        e[i + 1] *= k
      }
      turns.left.rotate(k, t)
    }
    e[end - 1] = f
  }

  private static func sweepWithoutShift(
    _ d: inout [Double], _ e: inout [Double], _ start: Int, _ end: Int, _ turns: inout (left: RotationSweeps, right: RotationSweeps)
  ) {
    var (c, k, t) = (1.0, 1.0, 0.0)
    for i in start..<end {
      let right = rotation(d[i] * c, e[i])
      if i > start { e[i - 1] = t * right.r }
      let left = rotation(k * right.r, d[i + 1] * right.s)
      d[i] = left.r
      turns.right.rotate(right.c, right.s)
      turns.left.rotate(left.c, left.s)
      (c, k, t) = (right.c, left.c, left.s)
    }
    let h = d[end] * c
    d[end] = h * k
    e[end - 1] = h * t
  }
}
