import Tensors

/// The numbers of a WinogradConv: a 3 × 3 convolution of stride 1 whose constant holds coefficients of Winograd's transform instead of
/// taps (Lavin and Gray 2015; as the pruned parameters: Liu et al., "Efficient Sparse-Winograd Convolutional Neural Networks", 2018).
///
/// The output is cut into tiles of `tile`² pixels, each of which sees `side`² input pixels d, `side` = tile + 2. Of those,
/// Bᵀ·d·B are as many *points*; at each point the channels are multiplied by the coefficients and summed up, and Aᵀ·(…)·A are the
/// outputs. Coefficients U = G·g·Gᵀ make it the convolution with taps g; any others are as good, and then it is no convolution of
/// 3 × 3 any more: what a pixel makes depends on its place in the tile.
///
/// The matrices are those of interpolation at 0, ±1, ∞ for tiles of 2 and 0, ±√½, ±√2, ∞ for tiles of 4.
package struct WinogradTile: Sendable, Equatable {
  /// Output pixels in each direction: 2 or 4.
  package let tile: Int

  package init?(_ tile: Int) {
    guard tile == 2 || tile == 4 else { return nil }
    self.tile = tile
  }

  /// - Throws: `shapeMismatch` for any other tile.
  package init(_ attributes: Attributes) throws {
    let stated = try attributes.int("tile", default: 4)
    guard let known = WinogradTile(stated) else { throw Failure(.shapeMismatch, "'tile' must be 2 or 4, it is \(stated)") }
    self = known
  }

  package var side: Int { tile + 2 }
  package var points: Int { side * side }

  /// Tiles over an extent of outputs.
  package func tiles(over outputs: Int) -> Int { outputs <= 0 ? 0 : (outputs - 1) / tile + 1 }

  private var nodes: [Double] { tile == 2 ? [0, 1, -1] : [0, 0.5.squareRoot(), -0.5.squareRoot(), 2.0.squareRoot(), -2.0.squareRoot()] }

  /// G, `side` rows of 3.
  package var weightMatrix: [Double] {
    nodes.flatMap { node in
      let distance = nodes.reduce(1) { $1 == node ? $0 : $0 * (node - $1) }
      return [1 / distance, node / distance, node * node / distance]
    } + [0, 0, 1]
  }

  /// Bᵀ, `side` rows of `side`: the coefficients of the polynomial that is 0 at the other nodes.
  package var inputMatrix: [Double] {
    (0..<side).flatMap { row in
      var polynomial = [1.0] + [Double](repeating: 0, count: side - 1)
      for (index, node) in nodes.enumerated() where index != row {
        for power in (0..<side).reversed() { polynomial[power] = (power > 0 ? polynomial[power - 1] : 0) - node * polynomial[power] }
      }
      return polynomial
    }
  }

  /// Aᵀ, `tile` rows of `side`: powers of the nodes.
  package var outputMatrix: [Double] {
    (0..<tile).flatMap { row in
      nodes.map { node in (0..<row).reduce(1) { power, _ in power * node } } + [row == tile - 1 ? 1 : 0]
    }
  }

  /// The coefficients of 3 × 3 taps, G·g·Gᵀ: `count` filters one behind the other.
  package func coefficients(_ taps: [Float]) -> [Float] {
    let (matrix, side) = (weightMatrix, side)
    var result = [Float](repeating: 0, count: taps.count / 9 * points)
    for filter in 0..<taps.count / 9 {
      for i in 0..<side {
        for j in 0..<side {
          var sum = 0.0
          for y in 0..<3 { for x in 0..<3 { sum += matrix[3 * i + y] * matrix[3 * j + x] * Double(taps[9 * filter + 3 * y + x]) } }
          result[points * filter + side * i + j] = Float(sum)
        }
      }
    }
    return result
  }
}

extension Schema {
  static let winogradConv = Schema(
    .winogradConv, inputs: 2...3,
    attributes: ["activation", "activation_min", "activation_max", "activation_alpha", "activation_beta", "pads", "tile"]
  ) { context in
    _ = try Activation(context.node.attributes)
    let tile = try WinogradTile(context.node.attributes)
    let dtype = try context.floatType(0).dtype
    try context.require(1, dtype)
    try context.require(2, dtype)
    let (x, u) = (try context.shape(0), try context.shape(1))
    guard x.count == 4, u.count == 4 else {
      throw context.failure("input and coefficients must have rank 4, they have \(x.count) and \(u.count)")
    }
    try context.requireEqual(x[1], u[1], "input and coefficients differ in channels")
    for extent in u[2...] { try context.requireEqual(extent, .fixed(tile.side), "tiles of \(tile.tile) have other coefficients") }
    if context.node.input(2) != nil {
      let bias = try context.shape(2)
      guard bias.count == 1 else { throw context.failure("the bias must have rank 1, it has \(bias.count)") }
      try context.requireEqual(bias[0], u[0], "bias and coefficients differ in output channels")
    }
    let window = try WindowAttributes(context.node.attributes, kernel: [3, 3])
    return [ValueType(dtype, try [x[0], u[0]] + window.outputs(over: Array(x.dropFirst(2))))]
  }
}
