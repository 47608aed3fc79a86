import Graph
import Tensors

/// Zeros and values of a layer's coefficients by least squares on what the layer shall make.
///
/// With e the error of a tile's pixels, a the gains of a point (its column of Aᵀ ⊗ Aᵀ) and v the transformed inputs there, the change Δ of the
/// point's coefficients that leaves least is that for which v·Δ comes nearest to z = aᵀe / aᵀa, all outputs alone: a pointwise layer's
/// least squares, with K unknowns a row. So points take turns, each against what the others leave: first for zeros and values, then for
/// values again.
struct RefitCoefficients {
  private let layer: TransformedLayer
  private let samples: TileSamples
  private let damping: Double
  private let range: ActiveRange?
  private let movesBias: Bool
  private let multiply: MatrixProducts

  /// How often all points have their turn for zeros, and after that for values.
  private static let pruningSweeps = 2
  private static let valueSweeps = 2

  init(
    _ layer: TransformedLayer, _ samples: TileSamples, damping: Double, range: ActiveRange?, movesBias: Bool, multiply: MatrixProducts
  ) throws {
    (self.layer, self.samples, self.damping, self.range) = (layer, samples, damping, range)
    (self.movesBias, self.multiply) = (movesBias, multiply)
  }

  private struct Point {
    let gains: [Float]
    let gram: [Double]
    let regression: SparseRegression?
    var values: [Float]
    var mask: [UInt8]
    var share: Double
  }

  /// - Returns: coefficients in the layer's order, and what is added to the bias; nil where it may not move. Nil in all where what is left to
  ///   make came out larger than what was to be made: then the samples do not say enough.
  func prune(share: Double, check: () throws -> Void) throws -> (coefficients: [Float], biasShift: [Double]?)? {
    let (points, outputs, inputs) = (layer.form.points, layer.outputs, layer.inputs)
    let pairs = outputs * inputs
    let mask = try PruneWinograd.mask([layer.scores(energies: samples.energies(), relative: false)], share)[0]
    var made = samples.made
    var shift = [Double](repeating: 0, count: outputs)
    var parts: [Point] = []
    for point in 0..<points {
      try check()
      var kept = [UInt8](repeating: 0, count: pairs)
      for pair in 0..<pairs { kept[pair] = mask[pair * points + point] }
      parts.append(try self.point(point, mask: kept))
    }
    // Those that lose most first, so that the others make up for it.
    let order = parts.indices.sorted { (parts[$1].share, $0) < (parts[$0].share, $1) }
    for sweep in 0..<Self.pruningSweeps + Self.valueSweeps {
      for point in order {
        try check()
        let isPruning = sweep < Self.pruningSweeps
        try refit(point, &parts[point], &made, isPruning: isPruning, check)
        if movesBias { moveBias(&made, &shift) }
      }
    }
    var result = [Float](repeating: 0, count: pairs * points)
    let (rest, whole) = energies(made)
    guard rest <= whole else { return nil }
    for point in 0..<points { for pair in 0..<pairs { result[pair * points + point] = parts[point].values[pair] } }
    return (result, movesBias ? shift : nil)
  }

  private func point(_ point: Int, mask: [UInt8]) throws -> Point {
    let (points, inputs, side, tile) = (layer.form.points, layer.inputs, layer.form.side, layer.form.tile)
    let gather = layer.form.outputMatrix
    let gains = (0..<tile * tile).map { Float(gather[$0 / tile * side + point / side] * gather[$0 % tile * side + point % side]) }
    let seen = samples.seen[point]
    let taken = Double(samples.taken)
    // About zero and not about means: what a point's mean does differs from pixel to pixel, so that no bias could make up for it.
    var gram = try multiply.multiply(seen, byTransposed: seen).floats().map { Double($0) / taken }
    let perImage = min(taken / Double(max(samples.images, 1)), 16)
    let wide = damping * max(0.1, Double(inputs) / (Double(max(samples.images, 1)) * perImage))
    let power = (0..<inputs).reduce(0) { $0 + gram[$1 * inputs + $1] } / Double(max(inputs, 1))
    let ridge = max(RidgeRegression.ridge(gram, size: inputs, damping: wide), power * 0x1p-20)
    for i in 0..<inputs { gram[i * inputs + i] += ridge }
    var start = [Float](repeating: 0, count: mask.count)
    for pair in start.indices { start[pair] = layer.coefficients[pair * points + point] }
    return Point(
      gains: gains, gram: gram, regression: try SparseRegression(gram: gram, size: inputs, multiply: multiply),
      values: start, mask: mask, share: Double(mask.count { $0 == 0 }) / Double(max(mask.count, 1)))
  }

  /// One point's turn.
  private func refit(_ index: Int, _ part: inout Point, _ made: inout [[Float]], isPruning: Bool, _ check: () throws -> Void) throws {
    let (inputs, outputs, count) = (layer.inputs, layer.outputs, samples.count)
    let before = part.values
    if let regression = part.regression {
      let errors = try self.errors(part.gains, made)
      let cross = try multiply.multiply(errors, byTransposed: samples.seen[index]).floats()
      let taken = Double(samples.taken)
      let current = try multiply.multiply(Tensor([outputs, inputs], before), by: Tensor([inputs, inputs], part.gram.map { Float($0) }))
        .floats()
      let targets = zip(cross, current).map { Double($0) / taken + Double($1) }
      let allowed = isPruning ? [UInt8](repeating: 1, count: part.mask.count) : part.mask
      let solved = try regression.solve(
        targets: targets, start: before, allowed: allowed, pattern: .elements, .init(channels: inputs, taps: 1),
        share: isPruning ? part.share : 0, check: check)
      (part.values, part.mask) = (solved.values, solved.mask)
    } else {
      part.values = zip(before, part.mask).map { $1 == 0 ? 0 : $0 }
    }
    let change = zip(part.values, before).map { $0 - $1 }
    guard change.contains(where: { $0 != 0 }) else { return }
    let added = try multiply.multiply(Tensor([outputs, inputs], change), by: samples.seen[index])
    let values = added.elements(as: Float.self)
    for pixel in made.indices where part.gains[pixel] != 0 {
      let gain = part.gains[pixel]
      made[pixel].withUnsafeMutableBufferPointer { out in
        for place in 0..<outputs * count { out[place] += gain * values[place] }
      }
    }
  }

  /// What is left to make at a pixel: nothing outside the image, nor where the activation cuts off what is wanted and what is made alike.
  @inline(__always)
  private func left(_ wanted: Float, _ made: Float) -> Float {
    guard let range else { return wanted - made }
    if wanted <= range.low { return min(made, range.low) - made }
    if wanted >= range.high { return max(made, range.high) - made }
    return wanted - made
  }

  /// z of a point: [output channel][tile].
  private func errors(_ gains: [Float], _ made: [[Float]]) throws -> Tensor {
    let (outputs, count) = (layer.outputs, samples.count)
    let all = gains.reduce(0) { $0 + $1 * $1 }
    return try Tensor(.f32, [outputs, count]) { bytes in
      let out = bytes.bindMemory(to: Float.self)
      out.update(repeating: 0)
      for pixel in gains.indices where gains[pixel] != 0 {
        let gain = gains[pixel] / all
        samples.wanted[pixel].withUnsafeBufferPointer { wanted in
          made[pixel].withUnsafeBufferPointer { made in
            samples.inside[pixel].withUnsafeBufferPointer { inside in
              for output in 0..<outputs {
                for tile in 0..<count {
                  let place = output * count + tile
                  out[place] += gain * inside[tile] * left(wanted[place], made[place])
                }
              }
            }
          }
        }
      }
    }
  }

  /// Over all pixels, the squares of what is left to make and of what is to be made.
  private func energies(_ made: [[Float]]) -> (rest: Double, whole: Double) {
    var (rest, whole) = (0.0, 0.0)
    for pixel in made.indices {
      for output in 0..<layer.outputs {
        for tile in 0..<samples.count where samples.inside[pixel][tile] != 0 {
          let place = output * samples.count + tile
          let (wanted, left) = (Double(samples.wanted[pixel][place]), Double(left(samples.wanted[pixel][place], made[pixel][place])))
          rest += left * left
          whole += wanted * wanted
        }
      }
    }
    return (rest, whole)
  }

  /// Takes the mean of what is left over to the bias.
  private func moveBias(_ made: inout [[Float]], _ shift: inout [Double]) {
    let (outputs, count) = (layer.outputs, samples.count)
    let pixels = samples.inside.reduce(0.0) { $0 + $1.reduce(0) { $0 + Double($1) } }
    guard pixels > 0 else { return }
    for output in 0..<outputs {
      var sum = 0.0
      for pixel in made.indices {
        for tile in 0..<count {
          let place = output * count + tile
          sum += Double(samples.inside[pixel][tile] * left(samples.wanted[pixel][place], made[pixel][place]))
        }
      }
      let mean = sum / pixels
      shift[output] += mean
      for pixel in made.indices { for tile in 0..<count { made[pixel][output * count + tile] += Float(mean) } }
    }
  }
}
