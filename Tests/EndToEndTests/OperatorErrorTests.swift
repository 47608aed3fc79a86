import Netsuke
import Testing

/// What operators refuse.
@Suite struct OperatorErrorTests {
  func status(_ body: () throws -> Void) -> Failure.Status? {
    do {
      try body()
      return nil
    } catch { return (error as? Failure)?.status }
  }

  func create(_ change: (inout ConvolutionShape) -> Void, _ weights: [Float] = [1, 2, 3, 4], _ bias: [Float] = [0, 0]) -> Failure.Status? {
    var shape = ConvolutionShape()
    (shape.inChannels, shape.outChannels) = (2, 2)
    change(&shape)
    return status { _ = try Convolution(shape, weights: weights, bias: bias, format: .f32, activation: (0, 0, 0)) }
  }

  @Test func shapesThatCannotBe() {
    #expect(create { _ in } == nil)
    for value in [0, -1, Int.min, Int.max, 1 << 29] {
      #expect(create { $0.inChannels = value } == .invalidArgument)
      #expect(create { $0.outChannels = value } == .invalidArgument)
      #expect(create { $0.groups = value } == .invalidArgument)
      #expect(create { $0.kernelHeight = value } == .invalidArgument)
      #expect(create { $0.strideX = value } == .invalidArgument)
      #expect(create { $0.dilationY = value } == .invalidArgument)
      if value != 0 { #expect(create { $0.padLeft = value } == .invalidArgument) }
    }
    #expect(create { $0.groups = 3 } == .invalidArgument)
    #expect(create { ($0.kernelHeight, $0.kernelWidth) = (1 << 27, 1 << 27) } == .shapeMismatch)
  }

  @Test func numbersThatAreNone() {
    #expect(create({ _ in }, [1, .nan, 3, 4]) == .notFinite)
    #expect(create({ _ in }, [1, 2, 3, 4], [0, .infinity]) == .notFinite)
    #expect(status { _ = try WeightFormat(format: 1, low: 1, high: 0) } == .invalidArgument)
    #expect(status { _ = try WeightFormat(format: 1, low: .nan, high: 0) } == .invalidArgument)
  }

  @Test func callsThatCannotBe() throws {
    var shape = ConvolutionShape()
    (shape.inChannels, shape.outChannels, shape.kernelHeight) = (1, 1, 3)
    let ones: [Float] = [1, 1, 1]
    let operation = try Convolution(shape, weights: ones, bias: nil, format: .f32, activation: (0, 0, 0))
    var memory = [Float](repeating: 0, count: 64)
    try memory.withUnsafeMutableBufferPointer { memory in
      let base = try #require(memory.baseAddress)
      #expect(status { try operation.run(base, batch: 1, height: 5, width: 2, to: base + 10, .alone) } == nil)
      #expect(status { try operation.run(base, batch: 1, height: 2, width: 2, to: base + 10, .alone) } == .shapeMismatch)
      #expect(status { try operation.run(base, batch: 1, height: Int.max, width: 2, to: base + 10, .alone) } == .shapeMismatch)
      #expect(status { try operation.run(base, batch: -1, height: 5, width: 2, to: base + 10, .alone) } == .invalidArgument)
      #expect(status { try operation.run(base, batch: 1 << 28, height: 1 << 28, width: 2, to: base + 10, .alone) } == .shapeMismatch)
      #expect(status { try operation.run(base, batch: 1, height: 5, width: 2, to: base + 9, .alone) } == .invalidArgument)
      #expect(status { try operation.run(nil, batch: 1, height: 5, width: 2, to: base, .alone) } == .invalidArgument)
      #expect(status { try operation.run(base, batch: 0, height: 5, width: 2, to: nil, .alone) } == nil)
      #expect(status { _ = try OperatorRun(threads: 2, on: nil) } == .invalidArgument)
      #expect(status { _ = try OperatorRun(threads: -1, on: nil) } == .invalidArgument)
      base[0] = .infinity
      let codes = try Convolution(shape, weights: ones, bias: nil, format: .int8(range: nil), activation: (0, 0, 0))
      #expect(status { try codes.run(base, batch: 1, height: 5, width: 2, to: base + 10, .alone) } == .notFinite)
    }
  }
}
