#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The orthonormal two-dimensional discrete cosine transform (DCT-II) of height × width windows.
package struct CosineBasis {
  package let height: Int
  package let width: Int
  /// Along each axis: row u is the window of frequency u, [height, height] and [width, width].
  package let vertical: [Double]
  package let horizontal: [Double]
  /// Row f is the window of frequency f: [height · width, height · width], ordered as (vertical, horizontal) frequencies.
  package let windows: [Double]

  package init(height: Int, width: Int) {
    (self.height, self.width) = (height, width)
    let (y, x) = (Self.rows(height), Self.rows(width))
    (vertical, horizontal) = (y, x)
    var windows: [Double] = []
    windows.reserveCapacity(height * width * height * width)
    for u in 0..<height {
      for v in 0..<width {
        for i in 0..<height { for j in 0..<width { windows.append(y[u * height + i] * x[v * width + j]) } }
      }
    }
    self.windows = windows
  }

  /// Along one axis: row u at position i is √(2/n)·cos(π(2i + 1)u / 2n), row 0 √(1/n).
  private static func rows(_ n: Int) -> [Double] {
    var rows: [Double] = []
    for u in 0..<n {
      let norm = (Double(u == 0 ? 1 : 2) / Double(n)).squareRoot()
      for i in 0..<n { rows.append(norm * cos(Double.pi * Double((2 * i + 1) * u) / Double(2 * n))) }
    }
    return rows
  }

  /// Coefficients of windows, one after the other: [count, height · width] → the same.
  package func transform(_ windows: [Double]) -> [Double] {
    let taps = height * width
    return product(windows, byTransposed: self.windows, rows: windows.count / max(taps, 1), columns: taps, depth: taps)
  }
}
