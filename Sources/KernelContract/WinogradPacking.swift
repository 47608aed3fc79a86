/// The weights of a Winograd convolution, transformed: what the plan writes once and the kernel reads.
///
///     [group][point][panel of 16 output channels][input channel][16]
///
/// Points are numbered row by row. The last panel of a group is filled up with zeros. The transform, U = G·g·Gᵀ for a filter g (G·g for one
/// of a single column, g·Gᵀ for one of a single row), is computed in Double and rounded once. Matrices come from interpolation at 0, a few ± pairs and ∞ (Toom and Cook; Blahut, "Fast
/// Algorithms for Signal Processing"): ±1 for a side of 4, ±√½ and ±√2 for 6 (whose rounding errors are a fifth of those of the usual ±1 and ±2),
/// ±1, ±2 and ±½ for 8.
package struct WinogradPacking: Sendable {
  /// Output pixels of a tile in each direction in which the window has an extent: 2, 4 or 6 for a window of 3, 2 or 4 for one of 5, 2 for 7.
  package var tile: Int
  /// Taps of the filter down and across: the same, or one of them 1.
  package var windowHeight: Int
  package var windowWidth: Int
  package var groups: Int
  package var groupOutChannels: Int
  package var groupInChannels: Int

  package init(tile: Int, window: Int = 3, groups: Int = 1, groupOutChannels: Int, groupInChannels: Int) {
    self.init(
      tile: tile, windowHeight: window, windowWidth: window, groups: groups, groupOutChannels: groupOutChannels,
      groupInChannels: groupInChannels)
  }

  package init(tile: Int, windowHeight: Int, windowWidth: Int, groups: Int = 1, groupOutChannels: Int, groupInChannels: Int) {
    self.tile = tile
    self.windowHeight = windowHeight
    self.windowWidth = windowWidth
    self.groups = groups
    self.groupOutChannels = groupOutChannels
    self.groupInChannels = groupInChannels
  }

  /// Taps in the direction in which there are several.
  package var window: Int { max(windowHeight, windowWidth) }
  /// Whether the window is a single row or column.
  package var isLine: Bool { windowHeight == 1 || windowWidth == 1 }
  /// Input pixels that a tile sees where the window has an extent: 4, 6 or 8.
  package var side: Int { tile + window - 1 }
  package var tileHeight: Int { windowHeight == 1 ? 1 : tile }
  package var tileWidth: Int { windowWidth == 1 ? 1 : tile }
  package var sideHeight: Int { tileHeight + windowHeight - 1 }
  package var sideWidth: Int { tileWidth + windowWidth - 1 }
  package var taps: Int { windowHeight * windowWidth }
  package var points: Int { sideHeight * sideWidth }
  package var panels: Int { blocks(groupOutChannels, of: GemmPacking.panel) }
  /// Floats of the packed weights.
  package var weightCount: Int { groups * points * panels * GemmPacking.panel * groupInChannels }

  /// The interpolation points of a side, without ∞.
  private static func nodes(side: Int) -> [Double] {
    let root = 2.0.squareRoot()
    switch side {
    case 4: return [0, 1, -1]
    case 6: return [0, root / 2, -root / 2, root, -root]
    default: return [0, 1, -1, 2, -2, 0.5, -0.5]
    }
  }

  /// G, `side` rows of `window`: powers of each node over the product of its distances to the others, and (0, …, 0, 1) for ∞.
  package var weightMatrix: [Double] {
    let nodes = Self.nodes(side: side)
    var matrix: [Double] = []
    for (index, node) in nodes.enumerated() {
      var distance = 1.0
      for (other, value) in nodes.enumerated() where other != index { distance *= node - value }
      var power = 1.0
      for _ in 0..<window {
        matrix.append(power / distance)
        power *= node
      }
    }
    return matrix + [Double](repeating: 0, count: window - 1) + [1]
  }

  /// Bᵀ, `side` rows of `side`, which transforms the input: in each row the coefficients of the polynomial that is 0 at the other nodes.
  package var inputMatrix: [Double] {
    let nodes = Self.nodes(side: side)
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
  package var outputMatrix: [Double] {
    let nodes = Self.nodes(side: side)
    var powers = [Double](repeating: 1, count: nodes.count)
    var matrix: [Double] = []
    for row in 0..<tile {
      matrix += powers + [row == tile - 1 ? 1 : 0]
      powers = zip(powers, nodes).map(*)
    }
    return matrix
  }

  /// Writes `weightCount` floats.
  /// - Parameter strides: of the source, as for `GemmPacking`; taps are `windowWidth`·ky + kx.
  package func pack(_ source: UnsafePointer<Float>, _ strides: GemmPacking.Strides, into target: UnsafeMutablePointer<Float>) {
    let (height, width, panel) = (sideHeight, sideWidth, GemmPacking.panel)
    let (tapsDown, tapsAcross) = (windowHeight, windowWidth)
    let (down, across) = (tapsDown == 1 ? [1] : weightMatrix, tapsAcross == 1 ? [1] : weightMatrix)
    let pointStride = panels * groupInChannels * panel
    withUnsafeTemporaryAllocation(of: SIMD8<Double>.self, capacity: taps + height * tapsAcross) { work in
      let (filter, half) = (work.baseAddress.unsafelyUnwrapped, work.baseAddress.unsafelyUnwrapped + taps)
      for group in 0..<groups {
        for column in stride(from: 0, to: panels * panel, by: 8) {
          let filled = min(8, groupOutChannels - column)
          for input in 0..<groupInChannels {
            for tap in 0..<taps {
              var lanes = SIMD8<Double>(repeating: 0)
              let from = source + input * strides.input + tap * strides.tap
              for lane in 0..<max(0, filled) { lanes[lane] = Double(from[(group * groupOutChannels + column + lane) * strides.output]) }
              filter[tap] = lanes
            }
            for row in 0..<height {
              for x in 0..<tapsAcross {
                var sum = SIMD8<Double>(repeating: 0)
                for y in 0..<tapsDown { sum += filter[tapsAcross * y + x] * down[tapsDown * row + y] }
                half[tapsAcross * row + x] = sum
              }
            }
            let place = group * points * pointStride + (column / panel * groupInChannels + input) * panel + column % panel
            for row in 0..<height {
              for x in 0..<width {
                var sum = SIMD8<Double>(repeating: 0)
                for tap in 0..<tapsAcross { sum += half[tapsAcross * row + tap] * across[tapsAcross * x + tap] }
                UnsafeMutableRawPointer(target + place + (row * width + x) * pointStride).storeBytes(
                  of: SIMD8<Float>(sum), as: SIMD8<Float>.self)
              }
            }
          }
        }
      }
    }
  }

  /// Writes `weightCount` floats of coefficients that are transformed already.
  /// - Parameter source: [output channel of all groups][input channel of a group][point]
  package func packCoefficients(_ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
    let panel = GemmPacking.panel
    var to = target
    for group in 0..<groups {
      for point in 0..<points {
        for column in 0..<panels * panel where column % panel == 0 {
          for input in 0..<groupInChannels {
            for lane in 0..<panel {
              let output = column + lane
              let from = ((group * groupOutChannels + output) * groupInChannels + input) * points + point
              to[lane] = output < groupOutChannels ? source[from] : 0
            }
            to += panel
          }
        }
      }
    }
  }
}
