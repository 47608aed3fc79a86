import KernelContract

/// How exact a Winograd convolution would be with a layer's own weights: a few tiles of made-up input through it in f32, and directly in
/// Double.
///
/// The error of tiled convolution depends on the weights (how much of a sum cancels), so it is tried, not guessed. The trial is
/// deterministic. Inputs are taken once from 0 … 1, as behind a relu, and once from −1 … 1.
package struct WinogradTrial {
  /// The largest error that a layer may have, as a share of its largest output. The promise is 10⁻⁴; the trial sees few of the outputs, so
  /// a fifth of that is asked for.
  static let tolerance = 2e-5
  /// Output channels tried: half of them those with the largest weights, half evenly spread.
  private static let channels = 8
  /// Weights beyond this are not tried at all.
  private static let largest: Float = 1e30

  private let packing: WinogradPacking
  /// The matrices that work down and across; of a direction in which the window has no extent, a single 1.
  private let weigh: (down: [Double], across: [Double])
  private let spread: (down: [Float], across: [Float])
  private let gather: (down: [Float], across: [Float])

  package init(_ packing: WinogradPacking) {
    self.packing = packing
    let (isRow, isColumn) = (packing.windowHeight == 1, packing.windowWidth == 1)
    let (spread, gather) = (packing.inputMatrix.map { Float($0) }, packing.outputMatrix.map { Float($0) })
    weigh = (isRow ? [1] : packing.weightMatrix, isColumn ? [1] : packing.weightMatrix)
    self.spread = (isRow ? [1] : spread, isColumn ? [1] : spread)
    self.gather = (isRow ? [1] : gather, isColumn ? [1] : gather)
  }

  /// The largest error over the largest output; NaN where either is not a number or a weight is none or huge.
  /// - Parameter weights: [groups · groupOutChannels][groupInChannels][windowHeight][windowWidth]
  package func error(_ weights: [Float]) -> Double {
    let (outputs, groupIn) = (packing.groups * packing.groupOutChannels, packing.groupInChannels)
    let count = groupIn * packing.taps
    guard count > 0, outputs > 0, weights.count == outputs * count else { return .nan }
    guard weights.allSatisfy({ abs($0) <= WinogradTrial.largest }) else { return .nan }
    let picks = channels(weights, outputs: outputs, count: count)
    var worst = 0.0
    for signed in [false, true] {
      var state: UInt64 = 0x5EED
      let inputs = (0..<groupIn * packing.points).map { _ -> Float in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let unit = Float(state >> 40) * 0x1p-24
        return signed ? 2 * unit - 1 : unit
      }
      let transformed = transform(inputs, groupIn)
      var largestError = 0.0
      var largestOutput = 0.0
      for channel in picks {
        let (error, output) = tried(weights, channel * count, groupIn, inputs, transformed)
        if !(error <= largestError) { largestError = error }
        if !(output <= largestOutput) { largestOutput = output }
        guard largestError.isFinite, largestOutput.isFinite else { return .nan }
      }
      worst = max(worst, largestOutput > 0 ? largestError / largestOutput : 0)
    }
    return worst
  }

  /// The output channels to try.
  private func channels(_ weights: [Float], outputs: Int, count: Int) -> [Int] {
    let half = WinogradTrial.channels / 2
    let sums = (0..<outputs).map { channel in weights[channel * count..<(channel + 1) * count].reduce(0) { $0 + abs($1) } }
    let heaviest = (0..<outputs).sorted { (sums[$1], $0) < (sums[$0], $1) }.prefix(half)
    return Set(Array(heaviest) + (0..<half).map { $0 * outputs / half }).sorted()
  }

  /// Bᵀ·d·B of each channel, `[point][channel]`.
  private func transform(_ inputs: [Float], _ groupIn: Int) -> [Float] {
    let (height, width) = (packing.sideHeight, packing.sideWidth)
    var result = [Float](repeating: 0, count: groupIn * height * width)
    var half = [Float](repeating: 0, count: height * width)
    for k in 0..<groupIn {
      let from = k * height * width
      for i in 0..<height {
        for x in 0..<width {
          var sum: Float = 0
          for y in 0..<height { sum += spread.down[i * height + y] * inputs[from + y * width + x] }
          half[i * width + x] = sum
        }
      }
      for i in 0..<height {
        for j in 0..<width {
          var sum: Float = 0
          for x in 0..<width { sum += spread.across[j * width + x] * half[i * width + x] }
          result[(i * width + j) * groupIn + k] = sum
        }
      }
    }
    return result
  }

  /// One output channel: the largest error of its tile and its largest output.
  private func tried(
    _ weights: [Float], _ from: Int, _ groupIn: Int, _ inputs: [Float], _ transformed: [Float]
  ) -> (error: Double, output: Double) {
    let (tileHeight, tileWidth, points) = (packing.tileHeight, packing.tileWidth, packing.points)
    let (windowHeight, windowWidth) = (packing.windowHeight, packing.windowWidth)
    let (height, width) = (packing.sideHeight, packing.sideWidth)
    var products = [Float](repeating: 0, count: points)
    var exact = [Double](repeating: 0, count: tileHeight * tileWidth)
    var half = [Double](repeating: 0, count: windowWidth * height)
    for k in 0..<groupIn {
      let filter = from + packing.taps * k
      for i in 0..<height {
        for x in 0..<windowWidth {
          var sum = 0.0
          for y in 0..<windowHeight { sum += weigh.down[windowHeight * i + y] * Double(weights[filter + windowWidth * y + x]) }
          half[windowWidth * i + x] = sum
        }
      }
      for i in 0..<height {
        for j in 0..<width {
          var weight = 0.0
          for x in 0..<windowWidth { weight += half[windowWidth * i + x] * weigh.across[windowWidth * j + x] }
          let point = i * width + j
          products[point] += transformed[point * groupIn + k] * Float(weight)
        }
      }
      for y in 0..<tileHeight {
        for x in 0..<tileWidth {
          var sum = 0.0
          for ky in 0..<windowHeight {
            for kx in 0..<windowWidth {
              sum += Double(inputs[k * points + (y + ky) * width + x + kx]) * Double(weights[filter + windowWidth * ky + kx])
            }
          }
          exact[y * tileWidth + x] += sum
        }
      }
    }
    var back = [Float](repeating: 0, count: tileHeight * width)
    for y in 0..<tileHeight {
      for j in 0..<width {
        var sum: Float = 0
        for i in 0..<height { sum += gather.down[y * height + i] * products[i * width + j] }
        back[y * width + j] = sum
      }
    }
    var result = (error: 0.0, output: 0.0)
    for y in 0..<tileHeight {
      for x in 0..<tileWidth {
        var sum: Float = 0
        for j in 0..<width { sum += gather.across[x * width + j] * back[y * width + j] }
        let error = abs(Double(sum) - exact[y * tileWidth + x])
        if !(error <= result.error) { result.error = error }
        result.output = max(result.output, abs(exact[y * tileWidth + x]))
      }
    }
    return result
  }
}
