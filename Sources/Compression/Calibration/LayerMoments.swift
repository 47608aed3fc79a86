import Graph
import Tensors

/// First and second moments of what a layer's weights multiply (x), and its products with what the layer shall make (y), gathered over
/// the output positions of calibration samples: everything that least squares on the layer needs.
///
/// Memory is that of the matrices, width² + width·channels doubles for each group, whatever the number of samples.
package final class LayerMoments {
  package let groups: Int
  /// Elements of x in one group.
  package let width: Int
  /// Elements of y in one group.
  package let outputs: Int
  /// Positions gathered.
  package private(set) var rows = 0
  /// Samples' images gathered; positions of one image resemble each other, so this says more than `rows` about how sure the moments are.
  package private(set) var images = 0
  /// For each group: sums over positions of x, of y, of y².
  private var inputSums: [Double]
  private var outputSums: [Double]
  private var outputSquares: [Double]
  /// For each group, row-major: the sums of x·xᵀ (the lower triangle), and of y·xᵀ.
  private var products: [Double]
  private var crosses: [Double]

  private let layer: Layer
  private let unfold: LayerRows
  private let multiply: MatrixProducts
  /// Positions that are multiplied at a time.
  private let pitch: Int
  private let positionsPerSample: Int
  /// Whether only the products with y are gathered.
  private let onlyCrosses: Bool
  private var random = Xorshift64()

  /// Layers that read more than this at one position are left out: the matrices and factors would take some 3 GB.
  package static let maximumWidth = 8192
  /// Positions beyond which more of them say little more, and how many times its width a layer gets at least.
  private static let enoughRows = 65_536
  private static let rowsPerElement = 16

  /// - positions: of one sample at most; nil: as many as pay.
  /// - onlyCrosses: leaves out x·xᵀ, where another pass over the same samples has it: the same positions are looked at.
  /// - Returns: nil for layers that are too wide, have a transposed input, or windows of three dimensions.
  package init?(
    _ layer: Layer, in graph: Graph, samples: Int, multiply: MatrixProducts, positions: Int? = nil, onlyCrosses: Bool = false
  ) throws {
    guard let unfold = try LayerRows(layer, in: graph) else { return nil }
    let channels = layer.shape[layer.outputAxis]
    groups = max(layer.groups, 1)
    guard channels > 0, channels % groups == 0 else { return nil }
    width = unfold.width / groups
    outputs = channels / groups
    let (square, overflow) = width.multipliedReportingOverflow(by: width)
    guard !overflow, square <= Self.maximumWidth * Self.maximumWidth / groups else { return nil }
    self.layer = layer
    self.unfold = unfold
    self.multiply = multiply
    self.onlyCrosses = onlyCrosses
    let wanted = max(Self.enoughRows, Self.rowsPerElement * width)
    positionsPerSample = max(positions ?? (wanted + samples - 1) / max(samples, 1), 1)
    // Panels of the second-level cache: 2 MB of operands at the most.
    pitch = min(max((1 << 19) / (unfold.width + channels), 64), 512)
    inputSums = [Double](repeating: 0, count: groups * width)
    outputSums = [Double](repeating: 0, count: channels)
    outputSquares = outputSums
    products = [Double](repeating: 0, count: groups * square)
    crosses = [Double](repeating: 0, count: channels * width)
  }

  /// Adds one observed input of the layer and what the layer shall make of it, before its activation.
  /// - Throws: `shapeMismatch` where the two do not belong to the layer.
  package func add(_ input: Tensor, targets: Tensor) throws {
    let grid = try unfold.grid(input)
    // As many as pay.
    let positions = random.spread(positionsPerSample, of: grid.count)
    images += input.shape.count > 1 ? input.shape[0] : 1
    let channels = groups * outputs, all = unfold.width + channels
    var first = 0
    while first < positions.count {
      let lanes = min(pitch, positions.count - first)
      let part = positions[first..<first + lanes]
      // Positions that are missing at the end are zeros, which add nothing.
      let rows = try Tensor(.f32, [all, pitch]) { bytes in
        let out = bytes.bindMemory(to: Float.self)
        guard let base = out.baseAddress else { return }
        if lanes < pitch { out.update(repeating: 0) }
        unfold.gather(input, grid, positions: part, into: base, pitch: pitch)
        try unfold.gatherOutputs(targets, grid, positions: part, into: base + unfold.width * pitch, pitch: pitch)
      }
      try accumulate(rows)
      self.rows += lanes
      first += lanes
    }
  }

  private func accumulate(_ rows: Tensor) throws {
    defer { withExtendedLifetime(rows) {} }
    guard let base = rows.elements(as: Float.self).baseAddress else { return }
    let inputs = groups * width, channels = groups * outputs
    for index in 0..<inputs { inputSums[index] += Self.sum(base + index * pitch, pitch) }
    for index in 0..<channels {
      let y = base + (inputs + index) * pitch
      outputSums[index] += Self.sum(y, pitch)
      outputSquares[index] += Self.squares(y, pitch)
    }
    guard groups == 1 else { return accumulateGroups(base) }
    let right = Tensor(.f32, [inputs, pitch], storage: rows.storage, byteOffset: rows.byteOffset)
    let skipped = onlyCrosses ? inputs : 0
    let left = Tensor(
      .f32, [inputs + channels - skipped, pitch], storage: rows.storage, byteOffset: rows.byteOffset + skipped * pitch * 4)
    let result = try multiply.multiply(left, byTransposed: right)
    let product = result.elements(as: Float.self)
    if !onlyCrosses { for i in 0..<inputs { for j in 0...i { products[i * width + j] += Double(product[i * inputs + j]) } } }
    for index in 0..<channels * inputs { crosses[index] += Double(product[(inputs - skipped) * inputs + index]) }
    withExtendedLifetime(result) {}
  }

  /// Groups are narrow (9 for a depthwise layer), so that calls to a product would cost more than the sums.
  private func accumulateGroups(_ base: UnsafePointer<Float>) {
    for group in 0..<groups {
      let x = base + group * width * pitch
      for i in 0..<(onlyCrosses ? 0 : width) {
        let row = (group * width + i) * width
        for j in 0...i { products[row + j] += Double(Self.dot(x + i * pitch, x + j * pitch, pitch)) }
      }
      for output in group * outputs..<(group + 1) * outputs {
        let y = base + (groups * width + output) * pitch
        for i in 0..<width { crosses[output * width + i] += Double(Self.dot(y, x + i * pitch, pitch)) }
      }
    }
  }

  private static func sum(_ x: UnsafePointer<Float>, _ count: Int) -> Double {
    var sum = 0.0
    for index in 0..<count { sum += Double(x[index]) }
    return sum
  }

  /// Wider than f32: sums of 10²⁰ are finite, and their squares are not.
  private static func squares(_ x: UnsafePointer<Float>, _ count: Int) -> Double {
    var sum = 0.0
    for index in 0..<count { sum += Double(x[index]) * Double(x[index]) }
    return sum
  }

  /// Σ x·y in eight interleaved sums.
  private static func dot(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ count: Int) -> Float {
    var sums = SIMD8<Float>.zero
    let whole = count & ~7
    for index in stride(from: 0, to: whole, by: 8) {
      let a = UnsafeRawPointer(x + index).loadUnaligned(as: SIMD8<Float>.self)
      let b = UnsafeRawPointer(y + index).loadUnaligned(as: SIMD8<Float>.self)
      sums += a * b
    }
    var sum = sums.sum()
    for index in whole..<count { sum += x[index] * y[index] }
    return sum
  }

  // MARK: Results

  /// The mean of x, `width` elements for each group.
  package var inputMeans: [Double] { inputSums.map { $0 / Double(max(rows, 1)) } }
  /// The mean of y, by output channel.
  package var outputMeans: [Double] { outputSums.map { $0 / Double(max(rows, 1)) } }
  /// The variance of y, by output channel.
  package var outputVariances: [Double] {
    zip(outputSquares, outputMeans).map { max($0 / Double(max(rows, 1)) - $1 * $1, 0) }
  }

  /// The second moments of a group's x, width × width, row-major, both triangles.
  /// - centred: about the mean, as for a layer whose bias may follow.
  package func gram(group: Int = 0, centred: Bool = true) -> [Double] {
    let count = Double(max(rows, 1)), start = group * width
    let mean = (0..<width).map { centred ? inputSums[start + $0] / count : 0 }
    var gram = [Double](repeating: 0, count: width * width)
    for i in 0..<width {
      for j in 0...i {
        let value = products[(start + i) * width + j] / count - mean[i] * mean[j]
        gram[i * width + j] = value
        gram[j * width + i] = value
      }
    }
    return gram
  }

  /// The second moments of a group's y with its x, outputs × width, row-major.
  package func cross(group: Int = 0, centred: Bool = true) -> [Double] {
    let count = Double(max(rows, 1))
    var cross = [Double](repeating: 0, count: outputs * width)
    for o in 0..<outputs {
      let output = group * outputs + o
      let mean = centred ? outputSums[output] / count : 0
      for i in 0..<width { cross[o * width + i] = crosses[output * width + i] / count - mean * inputSums[group * width + i] / count }
    }
    return cross
  }

  /// - Throws: `notFinite` where what was gathered is NaN or infinite.
  package func check(_ name: String) throws {
    guard inputSums.allSatisfy(\.isFinite), outputSquares.allSatisfy(\.isFinite), products.allSatisfy(\.isFinite) else {
      throw Failure(.notFinite, "the value '\(name)' is NaN or infinite on a calibration sample", node: layer.name)
    }
  }
}
