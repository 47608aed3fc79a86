import Netsuke
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The operators against their definition, in every format and layout.
@Suite struct ConvolutionTests {
  static let height = 7, width = 6, batch = 2

  func run(_ direct: DirectConvolution, _ x: [Float], _ format: WeightFormat, _ activation: ActivationFields = (0, 0, 0)) throws -> [Float]
  {
    let operation = try Convolution(direct.shape, weights: direct.weights, bias: direct.bias, format: format, activation: activation)
    let size = try direct.shape.outputSize(height: Self.height, width: Self.width)
    var y = [Float](repeating: .nan, count: Self.batch * direct.shape.outChannels * size.height * size.width)
    try operation.run(x, batch: Self.batch, height: Self.height, width: Self.width, to: &y, .alone)
    return y
  }

  func input(_ shape: ConvolutionShape, _ random: inout Random) -> [Float] {
    (0..<Self.batch * shape.inChannels * Self.height * Self.width).map { _ in Float.random(in: -1...1, using: &random) }
  }

  @Test(arguments: ConvolutionCase.allCases, [false, true])
  func floats(kind: ConvolutionCase, isNHWC: Bool) throws {
    var random = Random(1), shape = kind.shape
    shape.isNHWC = isNHWC
    for zeros in [0, 0.8] {
      let direct = DirectConvolution(shape, random: &random, zeros: zeros)
      let x = input(shape, &random)
      let expected = try direct.sums(
        x.map(Double.init), direct.weights.map(Double.init), batch: Self.batch, height: Self.height, width: Self.width)
      let depth = direct.weights.count / shape.outChannels
      for format in [WeightFormat.f32, .sparse] {
        let y = try run(direct, x, format)
        let worst = zip(y, expected).map { value, sum in
          // Each of depth products and of depth sums (bias included) rounds once, by at most half an ulp of the sum of magnitudes.
          let bias = Double(direct.bias[sum.channel])
          let bound = Double(depth + 2) * Double(Float.ulpOfOne) * (sum.magnitude + bias.magnitude)
          return (Double(value) - (sum.value + bias)).magnitude / bound
        }.max()
        #expect((worst ?? .nan) <= 1)
      }
    }
  }

  @Test(arguments: ConvolutionCase.allCases, [false, true])
  func integers(kind: ConvolutionCase, isNHWC: Bool) throws {
    var random = Random(2), shape = kind.shape
    shape.isNHWC = isNHWC
    let direct = DirectConvolution(shape, random: &random)
    let x = input(shape, &random), count = direct.weights.count
    // What the operator does, step by step: codes, exact integer sums, one scale.
    var codes = [Int8](repeating: 0, count: count), scales = [Float](repeating: 0, count: shape.outChannels)
    try codes.withUnsafeMutableBytes { codes in
      try scales.withUnsafeMutableBufferPointer { scales in
        try direct.weights.withUnsafeBufferPointer {
          try QuantizeTensor.perChannel($0, channels: shape.outChannels, into: codes, scales: scales)
        }
      }
    }
    let ranges: [ClosedRange<Float>?] = [nil, -0.5...0.75]
    for range in ranges {
      let parameters = try QuantizeTensor.parameters(
        low: range?.lowerBound ?? min(x.min() ?? 0, 0), high: range?.upperBound ?? max(x.max() ?? 0, 0), dtype: 2, symmetric: false)
      var quantized = [UInt8](repeating: 0, count: x.count)
      try quantized.withUnsafeMutableBytes { quantized in
        try x.withUnsafeBufferPointer {
          try QuantizeTensor.quantize($0, scale: parameters.scale, zeroPoint: parameters.zeroPoint, dtype: 2, into: quantized)
        }
      }
      let sums = try direct.sums(
        quantized.map { Double($0) - Double(parameters.zeroPoint) }, codes.map(Double.init), batch: Self.batch, height: Self.height,
        width: Self.width)
      let y = try run(direct, x, .int8(range: range))
      let worst = zip(y, sums).map { value, sum in
        let scaled = sum.value * Double(parameters.scale) * Double(scales[sum.channel]), bias = Double(direct.bias[sum.channel])
        // The sum is exact; its conversion, the product of the scales, their product with the sum, and the bias round once each.
        let bound = 4 * Double(Float.ulpOfOne) * (scaled.magnitude + bias.magnitude)
        return (Double(value) - (scaled + bias)).magnitude / bound
      }.max()
      #expect((worst ?? .nan) <= 1)
    }
  }

  struct Function: Sendable {
    let kind: Int32, alpha: Float, beta: Float
    let value: @Sendable (Double) -> Double
  }

  static let functions: [Function] = [
    Function(kind: 1, alpha: 0, beta: 0) { max($0, 0) },
    Function(kind: 2, alpha: -0.25, beta: 0.5) { min(max($0, -0.25), 0.5) },
    Function(kind: 3, alpha: 0.125, beta: 0) { $0 >= 0 ? $0 : 0.125 * $0 },
    Function(kind: 4, alpha: 0.25, beta: 0.5) { min(max(0.25 * $0 + 0.5, 0), 1) },
    Function(kind: 5, alpha: 0, beta: 0) { $0 * min(max($0 / 6 + 0.5, 0), 1) },
    Function(kind: 6, alpha: 0, beta: 0) { 1 / (1 + exp(-$0)) },
    Function(kind: 7, alpha: 0, beta: 0) { tanh($0) },
  ]

  @Test(arguments: 0..<7)
  func activations(position: Int) throws {
    let function = Self.functions[position]
    var random = Random(3)
    let direct = DirectConvolution(ConvolutionCase.spatial.shape, random: &random)
    let x = input(direct.shape, &random)
    for format in [WeightFormat.f32, .sparse, .int8(range: nil)] {
      let plain = try run(direct, x, format), activated = try run(direct, x, format, (function.kind, function.alpha, function.beta))
      let worst = zip(plain, activated).map { before, after in
        // Every function here rounds at most four times, and its exponential is right to 8 ulps.
        (Double(after) - function.value(Double(before))).magnitude / (12 * Double(Float.ulpOfOne) * max(1, Double(before.magnitude)))
      }.max()
      #expect((worst ?? .nan) <= 1)
    }
  }

  @Test func rowsOfALayerAreIndependent() throws {
    var random = Random(4)
    let (outs, ins) = (37, 53)
    let weights = (0..<outs * ins).map { _ in Float.random(in: -1...1, using: &random) }
    let x = (0..<9 * ins).map { _ in Float.random(in: -1...1, using: &random) }
    for format in [WeightFormat.f32, .sparse, .int8(range: -1...1)] {
      let layer = ConvolutionChain(
        try Convolution(outFeatures: outs, inFeatures: ins, weights: weights, bias: nil, format: format, activation: (0, 0, 0)))
      var all = [Float](repeating: .nan, count: 9 * outs), one = [Float](repeating: .nan, count: outs)
      try layer.run(x, rows: 9, to: &all, .alone)
      for row in 0..<9 {
        try Array(x[row * ins..<(row + 1) * ins]).withUnsafeBufferPointer { try layer.run($0.baseAddress, rows: 1, to: &one, .alone) }
        // Another kernel may run a single row; both are sums of 53 products of numbers in −1…1, each rounding by half an ulp of at most 53.
        let bound = 2 * 55 * Float.ulpOfOne * 53
        #expect(zip(one, all[(row * outs)...]).allSatisfy { ($0 - $1).magnitude <= bound })
      }
      try layer.run(nil, rows: 0, to: nil, .alone)
    }
  }

  @Test(arguments: ConvolutionCase.allCases)
  func threadsDoNotChangeResults(kind: ConvolutionCase) throws {
    var random = Random(5)
    let caller = CallerThreads({ _, count, task, context in for index in (0..<count).reversed() { task?(context, index) } }, user: nil)
    let direct = DirectConvolution(kind.shape, random: &random, zeros: 0.5)
    let x = input(direct.shape, &random)
    for format in [WeightFormat.f32, .sparse, .int8(range: nil)] {
      let operation = try Convolution(direct.shape, weights: direct.weights, bias: direct.bias, format: format, activation: (1, 0, 0))
      let alone = try run(direct, x, format, (1, 0, 0))
      var spread = [Float](repeating: .nan, count: alone.count)
      try operation.run(x, batch: Self.batch, height: Self.height, width: Self.width, to: &spread, OperatorRun(threads: 3, on: caller))
      #expect(spread == alone)
    }
  }

  @Test func smallFormsAreSmaller() throws {
    var random = Random(6)
    var shape = ConvolutionShape()
    (shape.inChannels, shape.outChannels) = (256, 256)
    let direct = DirectConvolution(shape, random: &random, zeros: 0.9)
    func bytes(_ format: WeightFormat) throws -> Int {
      try Convolution(shape, weights: direct.weights, bias: direct.bias, format: format, activation: (0, 0, 0)).byteCount
    }
    let full = try bytes(.f32)
    #expect(full >= 256 * 257 * 4)
    #expect(try bytes(.sparse) * 4 < full)
    #expect(try bytes(.int8(range: nil)) * 3 < full)
  }
}
