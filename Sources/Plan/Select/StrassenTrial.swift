import KernelContract

/// How exact a product by halves would be with a layer's own weights: a pair of made-up rows through it in f32, and directly in Double.
///
/// Its roundings are those of sums of quarters, which may be larger than any output where the quarters of the weights differ in size; so it is
/// tried. The trial is deterministic. Inputs are taken once from 0 … 1, as behind a relu, and once from −1 … 1.
package struct StrassenTrial {
  /// The largest error that a layer may have, as a share of its largest output: a fifth of what is promised, as the trial sees few outputs.
  static let tolerance = 2e-5
  /// Pairs of columns tried, evenly spread.
  private static let columns = 24
  /// Weights beyond this are not tried at all.
  private static let largest: Float = 1e30

  package init() {}

  /// The largest error over the largest output; NaN where either is not a number or a weight is none or huge.
  /// - Parameter weights: [outputs][channels], an even number of channels.
  package func error(_ weights: [Float], outputs: Int, channels: Int) -> Double {
    guard outputs > 0, channels > 1, channels % 2 == 0, weights.count == outputs * channels else { return .nan }
    guard weights.allSatisfy({ abs($0) <= StrassenTrial.largest }) else { return .nan }
    let (half, depth) = (StrassenPacking(inChannels: channels, outChannels: outputs).half, channels / 2)
    let pairs = min(half, outputs)
    let picks = Set((0..<StrassenTrial.columns).map { $0 * pairs / StrassenTrial.columns })
    var worst = 0.0
    for signed in [false, true] {
      var state: UInt64 = 0x5EED
      let rows = (0..<2 * channels).map { _ -> Float in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let unit = Float(state >> 40) * 0x1p-24
        return signed ? 2 * unit - 1 : unit
      }
      var (largestError, largestOutput) = (0.0, 0.0)
      for n in picks {
        let (error, output) = tried(weights, n, n + half < outputs ? n + half : nil, rows, depth)
        if !(error <= largestError) { largestError = error }
        if !(output <= largestOutput) { largestOutput = output }
        guard largestError.isFinite, largestOutput.isFinite else { return .nan }
      }
      worst = max(worst, largestOutput > 0 ? largestError / largestOutput : 0)
    }
    return worst
  }

  /// The four outputs of a pair of rows and a pair of columns: the largest error and the largest output.
  private func tried(_ weights: [Float], _ left: Int, _ right: Int?, _ rows: [Float], _ depth: Int) -> (error: Double, output: Double) {
    let channels = 2 * depth
    var products = (p1: Float(0), p2: Float(0), p3: Float(0), p4: Float(0), p5: Float(0), p6: Float(0), p7: Float(0))
    var exact = [0.0, 0.0, 0.0, 0.0]
    for k in 0..<depth {
      let (a11, a12, a21, a22) = (rows[k], rows[depth + k], rows[channels + k], rows[channels + depth + k])
      let (b11, b21) = (weights[left * channels + k], weights[left * channels + depth + k])
      let (b12, b22) = right.map { (weights[$0 * channels + k], weights[$0 * channels + depth + k]) } ?? (0, 0)
      let (s1, s3) = (a21 + a22, a11 - a21)
      let s2 = s1 - a11
      let t1 = Float(Double(b12) - Double(b11))
      let t2 = Float(Double(b22) - Double(b12) + Double(b11))
      products.p1 += a11 * b11
      products.p2 += a12 * b21
      products.p3 += (a12 - s2) * b22
      products.p4 += a22 * Float(Double(b21) - Double(b22) + Double(b12) - Double(b11))
      products.p5 += s1 * t1
      products.p6 += s2 * t2
      products.p7 += s3 * Float(Double(b22) - Double(b12))
      exact[0] += Double(a11) * Double(b11) + Double(a12) * Double(b21)
      exact[1] += Double(a11) * Double(b12) + Double(a12) * Double(b22)
      exact[2] += Double(a21) * Double(b11) + Double(a22) * Double(b21)
      exact[3] += Double(a21) * Double(b12) + Double(a22) * Double(b22)
    }
    let x = products.p1 + products.p6
    let y = x + products.p7
    let got = [products.p1 + products.p2, (x + products.p5) + products.p3, y + products.p4, y + products.p5]
    var result = (error: 0.0, output: 0.0)
    for index in 0..<4 where right != nil || index % 2 == 0 {
      let error = abs(Double(got[index]) - exact[index])
      if !(error <= result.error) { result.error = error }
      result.output = max(result.output, abs(exact[index]))
    }
    return result
  }
}
