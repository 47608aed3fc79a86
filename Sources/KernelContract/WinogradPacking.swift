/// The weights of a Winograd convolution, transformed: what the plan writes once and the kernel reads.
///
///     [group][point][panel of 16 output channels][input channel][16]
///
/// Points are numbered row by row. The last panel of a group is filled up with zeros. The transform, U = G·g·Gᵀ for a 3 × 3 filter g, is
/// computed in Double and rounded once. Matrices come from interpolation at 0, a few ± pairs and ∞ (Toom and Cook; Blahut, "Fast
/// Algorithms for Signal Processing"): ±1 for tiles of 2, ±√½ and ±√2 for 4 (whose rounding errors are a fifth of those of the usual ±1 and ±2),
/// ±1, ±2 and ±½ for 6.
package struct WinogradPacking: Sendable {
  /// Output pixels of a tile in each direction: 2, 4 or 6.
  package var tile: Int
  package var groups: Int
  package var groupOutChannels: Int
  package var groupInChannels: Int

  package init(tile: Int, groups: Int = 1, groupOutChannels: Int, groupInChannels: Int) {
    self.tile = tile
    self.groups = groups
    self.groupOutChannels = groupOutChannels
    self.groupInChannels = groupInChannels
  }

  package var side: Int { tile + 2 }
  package var points: Int { side * side }
  package var panels: Int { blocks(groupOutChannels, of: GemmPacking.panel) }
  /// Floats of the packed weights.
  package var weightCount: Int { groups * points * panels * GemmPacking.panel * groupInChannels }

  /// The interpolation points of a tile size, without ∞.
  package static func nodes(tile: Int) -> [Double] {
    let root = 2.0.squareRoot()
    switch tile {
    case 2: return [0, 1, -1]
    case 4: return [0, root / 2, -root / 2, root, -root]
    default: return [0, 1, -1, 2, -2, 0.5, -0.5]
    }
  }

  /// G, `side` rows of 3: powers of each node over the product of its distances to the others, and (0, 0, 1) for ∞.
  package static func weightMatrix(tile: Int) -> [Double] {
    let nodes = nodes(tile: tile)
    var matrix: [Double] = []
    for (index, node) in nodes.enumerated() {
      var distance = 1.0
      for (other, value) in nodes.enumerated() where other != index { distance *= node - value }
      for power in [1, node, node * node] { matrix.append(power / distance) }
    }
    return matrix + [0, 0, 1]
  }

  /// Bᵀ, `side` rows of `side`, which transforms the input: in each row the coefficients of the polynomial that is 0 at the other nodes.
  package static func inputMatrix(tile: Int) -> [Double] {
    let (nodes, side) = (nodes(tile: tile), tile + 2)
    var matrix: [Double] = []
    for row in 0..<side {
      var polynomial = [1.0]
      for (index, node) in nodes.enumerated() where index != row {
        polynomial = (0...polynomial.count).map { power in
          (power > 0 ? polynomial[power - 1] : 0) - (power < polynomial.count ? node * polynomial[power] : 0)
        }
      }
      matrix += polynomial + [Double](repeating: 0, count: side - polynomial.count)
    }
    return matrix
  }

  /// Aᵀ, `tile` rows of `side`, which transforms the products back: the powers of the nodes, and 1 in the last row for ∞.
  package static func outputMatrix(tile: Int) -> [Double] {
    let nodes = nodes(tile: tile)
    var powers = [Double](repeating: 1, count: nodes.count)
    var matrix: [Double] = []
    for row in 0..<tile {
      matrix += powers + [row == tile - 1 ? 1 : 0]
      powers = zip(powers, nodes).map(*)
    }
    return matrix
  }

  /// Writes `weightCount` floats.
  /// - Parameter strides: of the source, as for `GemmPacking`; taps are 3·ky + kx.
  package func pack(_ source: UnsafePointer<Float>, _ strides: GemmPacking.Strides, into target: UnsafeMutablePointer<Float>) {
    let (side, panel) = (side, GemmPacking.panel)
    let matrix = Self.weightMatrix(tile: tile)
    let pointStride = panels * groupInChannels * panel
    withUnsafeTemporaryAllocation(of: SIMD8<Double>.self, capacity: 9 + 3 * side) { work in
      let (filter, half) = (work.baseAddress.unsafelyUnwrapped, work.baseAddress.unsafelyUnwrapped + 9)
      for group in 0..<groups {
        for column in stride(from: 0, to: panels * panel, by: 8) {
          let width = min(8, groupOutChannels - column)
          for input in 0..<groupInChannels {
            for tap in 0..<9 {
              var lanes = SIMD8<Double>(repeating: 0)
              let from = source + input * strides.input + tap * strides.tap
              for lane in 0..<max(0, width) { lanes[lane] = Double(from[(group * groupOutChannels + column + lane) * strides.output]) }
              filter[tap] = lanes
            }
            for row in 0..<side {
              let (a, b, c) = (matrix[3 * row], matrix[3 * row + 1], matrix[3 * row + 2])
              for x in 0..<3 { half[3 * row + x] = filter[x] * a + filter[3 + x] * b + filter[6 + x] * c }
            }
            let place = group * points * pointStride + (column / panel * groupInChannels + input) * panel + column % panel
            for row in 0..<side {
              for x in 0..<side {
                let (a, b, c) = (matrix[3 * x], matrix[3 * x + 1], matrix[3 * x + 2])
                let value = half[3 * row] * a + half[3 * row + 1] * b + half[3 * row + 2] * c
                UnsafeMutableRawPointer(target + place + (row * side + x) * pointStride).storeBytes(
                  of: SIMD8<Float>(value), as: SIMD8<Float>.self)
              }
            }
          }
        }
      }
    }
  }
}
