import Netsuke
import TestSupport
import Testing

/// Layers given as factors, against their definition stage by stage.
@Suite struct FactorizedOperatorTests {
  private static let none: ActivationFields = (0, 0, 0)

  private func shape(
    _ inputs: Int, _ outputs: Int, _ kernel: (Int, Int) = (1, 1), stride: (Int, Int) = (1, 1), dilation: (Int, Int) = (1, 1),
    pads: (Int, Int) = (0, 0), groups: Int = 1, isNHWC: Bool
  ) -> ConvolutionShape {
    var shape = ConvolutionShape()
    (shape.inChannels, shape.outChannels, shape.groups) = (inputs, outputs, groups)
    (shape.kernelHeight, shape.kernelWidth) = kernel
    (shape.strideY, shape.strideX) = stride
    (shape.dilationY, shape.dilationX) = dilation
    (shape.padTop, shape.padBottom, shape.padLeft, shape.padRight) = (pads.0, pads.0, pads.1, pads.1)
    shape.isNHWC = isNHWC
    return shape
  }

  private func chains(isNHWC: Bool) -> [[ConvolutionShape]] {
    func make(
      _ inputs: Int, _ outputs: Int, _ kernel: (Int, Int) = (1, 1), stride: (Int, Int) = (1, 1), dilation: (Int, Int) = (1, 1),
      pads: (Int, Int) = (0, 0), groups: Int = 1
    ) -> ConvolutionShape {
      shape(inputs, outputs, kernel, stride: stride, dilation: dilation, pads: pads, groups: groups, isNHWC: isNHWC)
    }
    return [
      [make(7, 3), make(3, 18)],
      [make(5, 4, (3, 1), stride: (2, 1), pads: (1, 0)), make(4, 9, (1, 3), stride: (1, 3), pads: (0, 1))],
      [make(6, 2), make(2, 3, (3, 3), dilation: (2, 1), pads: (2, 1)), make(3, 19)],
      [make(8, 8, (3, 3), pads: (1, 1), groups: 8), make(8, 5)],
      [make(6, 4), make(4, 4, (3, 1), pads: (1, 0), groups: 2), make(4, 4, (1, 3), pads: (0, 1), groups: 4), make(4, 11)],
    ]
  }

  @Test(arguments: [false, true], [0, 1, 2, 3, 4])
  func convolutions(isNHWC: Bool, index: Int) throws {
    let shapes = chains(isNHWC: isNHWC)[index]
    var random = Random(UInt64(7 + index))
    let (batch, height, width) = (2, 9, 8)
    let stages = shapes.map { DirectConvolution($0, random: &random) }
    let x = (0..<batch * shapes[0].inChannels * height * width).map { _ in Float.random(in: -1...1, using: &random) }
    // The chain in double precision, and with the magnitudes of everything: the error of K sums in f32 is at most K·2⁻²⁴ of the latter, of
    // a chain the sum of its stages' K.
    var (exact, size) = (x.map(Double.init), x.map { Double($0.magnitude) })
    var (h, w, depth) = (height, width, 4)
    for (position, stage) in stages.enumerated() {
      let isLast = position == stages.count - 1
      let weights = stage.weights.map(Double.init)
      let sums = try stage.sums(exact, weights, batch: batch, height: h, width: w)
      let sizes = try stage.sums(size, weights.map(\.magnitude), batch: batch, height: h, width: w)
      exact = sums.map { $0.value + (isLast ? Double(stage.bias[$0.channel]) : 0) }
      size = sizes.map { $0.value + (isLast ? Double(stage.bias[$0.channel].magnitude) : 0) }
      (h, w) = try stage.shape.outputSize(height: h, width: w)
      depth += stage.weights.count / stage.shape.outChannels + 2
    }
    let weights = stages.map { UnsafeMutablePointer<Float>.allocate(capacity: $0.weights.count) }
    defer { weights.forEach { $0.deallocate() } }
    for (memory, stage) in zip(weights, stages) { memory.initialize(from: stage.weights, count: stage.weights.count) }
    for format in [WeightFormat.f32, .sparse] {
      let chain = try ConvolutionChain(
        shapes, weights: weights.map { UnsafePointer($0) }, bias: stages[stages.count - 1].bias, format: format,
        activations: shapes.map { _ in Self.none })
      let found = try chain.outputSize(height: height, width: width)
      #expect(found == (h, w))
      #expect(chain.byteCount > 0)
      // Twice: the second run finds the working memory of the first, in which anything lies.
      for _ in 0..<2 {
        var y = [Float](repeating: .nan, count: exact.count)
        try chain.run(x, batch: batch, height: height, width: width, to: &y, .alone)
        let worst = y.indices.map { abs(Double(y[$0]) - exact[$0]) / (Double(depth) * 0x1p-24 * size[$0] + 0x1p-60) }.max()
        #expect((worst ?? .nan) <= 1, "\(format)")
      }
    }
  }

  @Test func matrices() throws {
    var random = Random(3)
    let features = [31, 4, 6, 17]
    let factors = (0..<3).map { index in
      (0..<features[index] * features[index + 1]).map { _ in Float.random(in: -1...1, using: &random) }
    }
    let bias = (0..<17).map { _ in Float.random(in: -1...1, using: &random) }
    let x = (0..<5 * 31).map { _ in Float.random(in: -1...1, using: &random) }
    let chain = try factors[0].withUnsafeBufferPointer { a in
      try factors[1].withUnsafeBufferPointer { b in
        try factors[2].withUnsafeBufferPointer { c in
          let pointers = [a, b, c].compactMap(\.baseAddress)
          return try ConvolutionChain(features: features, factors: pointers, bias: bias, format: .f32, activation: (1, 0, 0))
        }
      }
    }
    for rows in [0, 1, 5] {
      var y = [Float](repeating: .nan, count: rows * 17)
      try chain.run(x, rows: rows, to: &y, .alone)
      for row in 0..<rows {
        var (exact, size) = ((0..<31).map { Double(x[row * 31 + $0]) }, (0..<31).map { Double(x[row * 31 + $0].magnitude) })
        for (index, factor) in factors.enumerated() {
          let inputs = features[index]
          let outputs = 0..<features[index + 1]
          (exact, size) = (
            outputs.map { o in (0..<inputs).reduce(0.0) { $0 + Double(factor[o * inputs + $1]) * exact[$1] } },
            outputs.map { o in (0..<inputs).reduce(0.0) { $0 + Double(factor[o * inputs + $1].magnitude) * size[$1] } }
          )
        }
        // As for convolutions: 31 + 4 + 6 products, and the bias.
        for o in 0..<17 {
          let error = abs(Double(y[row * 17 + o]) - max(0, exact[o] + Double(bias[o])))
          #expect(error <= 50 * 0x1p-24 * (size[o] + Double(bias[o].magnitude)))
        }
      }
    }
  }

  @Test func whatCannotBe() throws {
    let weights = [Float](repeating: 1, count: 64)
    weights.withUnsafeBufferPointer { buffer in
      guard let pointer = buffer.baseAddress else { return }
      let format = WeightFormat.f32
      func status(_ shapes: [ConvolutionShape]) -> Failure.Status? {
        do {
          let pointers = [UnsafePointer<Float>](repeating: pointer, count: shapes.count)
          _ = try ConvolutionChain(shapes, weights: pointers, bias: nil, format: format, activations: shapes.map { _ in Self.none })
          return nil
        } catch { return (error as? Failure)?.status }
      }
      #expect(status([]) == .invalidArgument)
      #expect(status([ConvolutionShape](repeating: shape(1, 1, isNHWC: true), count: 17)) == .invalidArgument)
      #expect(status([shape(4, 2, isNHWC: true), shape(3, 4, isNHWC: true)]) == .shapeMismatch)
      #expect(status([shape(4, 2, isNHWC: true), shape(2, 4, isNHWC: false)]) == .invalidArgument)
      #expect(status([shape(4, 2, isNHWC: true), shape(2, 0, isNHWC: true)]) == .invalidArgument)
      #expect(status([shape(4, 2, isNHWC: true), shape(2, 4, isNHWC: true)]) == nil)
    }
    for size in [0, -1, Int.max, Int.min] {
      #expect(throws: Failure.self) {
        try weights.withUnsafeBufferPointer { buffer in
          let pointers = [buffer.baseAddress, buffer.baseAddress].compactMap { $0 }
          _ = try ConvolutionChain(features: [4, size, 4], factors: pointers, bias: nil, format: .f32, activation: Self.none)
        }
      }
    }
  }

  @Test func aKernelThatDoesNotFit() throws {
    let weights = [Float](repeating: 1, count: 64)
    let shapes = [shape(1, 2, (3, 1), isNHWC: true), shape(2, 1, (5, 1), isNHWC: true)]
    let chain = try weights.withUnsafeBufferPointer { buffer in
      let pointers = [buffer.baseAddress, buffer.baseAddress].compactMap { $0 }
      return try ConvolutionChain(shapes, weights: pointers, bias: nil, format: .f32, activations: [Self.none, Self.none])
    }
    let x = [Float](repeating: 1, count: 6)
    var y = [Float](repeating: 7, count: 6)
    #expect(throws: Failure.self) { try chain.run(x, batch: 1, height: 6, width: 1, to: &y, .alone) }
    #expect(y == [Float](repeating: 7, count: 6))
  }
}
