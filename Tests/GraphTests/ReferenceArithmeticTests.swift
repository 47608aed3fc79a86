import Graph
import Reference
import TestSupport
import Tensors
import Testing

@Suite struct ReferenceArithmeticTests {
  @Test func broadcastArithmetic() throws {
    let x = try Tensor.counting([2, 3])
    #expect(try evaluateOne(.add, [x, Tensor([3], [10, 20, 30])]).floats() == [11, 22, 33, 14, 25, 36])
    #expect(try evaluateOne(.sub, [Tensor.scalar(1), x]).floats() == [0, -1, -2, -3, -4, -5])
    #expect(try evaluateOne(.mul, [Tensor([2, 1], [1, 2]), Tensor([1, 2], [3, 4])]).floats() == [3, 4, 6, 8])
    #expect(try evaluateOne(.add, [x, x], ["activation": .string("Clip"), "activation_max": .float(6)]).floats() == [2, 4, 6, 6, 6, 6])
    #expect(try evaluateOne(.div, [Tensor([3], [1, -1, 0]), Tensor([1], [0])]).floats()[0] == .infinity)
    // Integers: towards zero, wrapping, and no division by zero.
    #expect(try evaluateOne(.div, [.integers([-7, 7, Int.min]), .integers([2, -2, -1])]).ints() == [-3, -3, Int.min])
    #expect(try evaluateOne(.add, [.integers([Int.max]), .integers([1])]).ints() == [Int.min])
    #expect(throws: Failure.self) { try evaluateOne(.div, [.integers([1]), .integers([0])]) }
  }

  @Test func activations() throws {
    let x = try Tensor([5], [-4, -1, 0, 1, 4])
    #expect(try evaluateOne(.relu, [x]).floats() == [0, 0, 0, 1, 4])
    #expect(try evaluateOne(.leakyRelu, [x], ["alpha": .float(0.5)]).floats() == [-2, -0.5, 0, 1, 4])
    #expect(try evaluateOne(.hardSigmoid, [x], ["alpha": .float(0.25)]).floats() == [0, 0.25, 0.5, 0.75, 1])
    // −1 · (−1/6 + 1/2) = −1/3
    #expect(try evaluateOne(.hardSwish, [x]).floats() == [0, Float(-1.0 / 3), 0, Float(2.0 / 3), 4])
    #expect(try evaluateOne(.clip, [x, Tensor.scalar(-1), nil]).floats() == [-1, -1, 0, 1, 4])
    #expect(try evaluateOne(.clip, [x, Tensor.scalar(3), Tensor.scalar(2)]).floats() == [2, 2, 2, 2, 2])
    #expect(try evaluateOne(.clip, [.integers([1, 5, 9]), Tensor(.s64, [], [2]), Tensor(.s64, [], [6])]).ints() == [2, 5, 6])
    let sigmoid = try evaluateOne(.sigmoid, [x]).doubles()
    #expect(sigmoid[2] == 0.5)
    for index in 0..<5 { #expect((sigmoid[index] + sigmoid[4 - index] - 1).magnitude < 0x1p-23) }
    // tanh x = 2·sigmoid(2x) − 1
    #expect((try evaluateOne(.tanh, [x]).doubles()[3] - 0.761594155955765).magnitude < 0x1p-24)
    #expect(try evaluateOne(.relu, [Tensor([1], [.nan])]).floats()[0].isNaN)
  }

  @Test func softmaxSumsToOne() throws {
    let x = try Tensor([2, 2], [1000, 1000, 0, 1000])
    #expect(try evaluateOne(.softmax, [x]).floats() == [0.5, 0.5, 0, 1])
    #expect(try evaluateOne(.softmax, [x], ["axis": .int(0)]).floats() == [1, 0.5, 0, 0.5])
  }

  @Test func products() throws {
    let (a, b) = (try Tensor.counting([2, 2]), try Tensor([2, 2], [5, 6, 7, 8]))
    #expect(try evaluateOne(.matMul, [a, b]).floats() == [19, 22, 43, 50])
    #expect(try evaluateOne(.gemm, [a, b], ["transA": .int(1)]).floats() == [26, 30, 38, 44])
    #expect(try evaluateOne(.gemm, [a, b], ["transB": .int(1)]).floats() == [17, 23, 39, 53])
    #expect(
      try evaluateOne(.gemm, [a, b, Tensor([2, 1], [1, -1])], ["alpha": .float(2), "beta": .float(10), "activation": .string("Relu")])
        .floats() == [48, 54, 76, 90])
    #expect(try evaluateOne(.matMul, [Tensor([2], [1, 2]), b]).floats() == [19, 22])
    #expect(try evaluateOne(.matMul, [b, Tensor([2], [1, 2])]).floats() == [17, 23])
    let batched = try evaluateOne(.matMul, [Tensor.counting([2, 1, 2]), b])
    #expect(batched.shape == [2, 1, 2])
    #expect(batched.floats() == [19, 22, 43, 50])
    #expect(try evaluateOne(.matMul, [Tensor([2, 0], []), Tensor([0, 2], [])]).floats() == [0, 0, 0, 0])
  }

  @Test func normalizations() throws {
    let x = try Tensor([1, 2, 1, 2], [1, 2, 3, 4])
    func channels(_ a: Float, _ b: Float) throws -> Tensor { try Tensor([2], [a, b]) }
    // (x − 1) / √(4 − 0) · 2 + 1 and (x − 3) / √(1) · 1 − 1
    let y = try evaluateOne(
      .batchNormalization, [x, channels(2, 1), channels(1, -1), channels(1, 3), channels(4, 1)], ["epsilon": .float(0)])
    #expect(y.floats() == [1, 2, -1, 0])
    // Channel 0 sees itself and (size 2: floor(½) before, ceil(½) after) channel 1.
    let lrn = try evaluateOne(.lrn, [x], ["size": .int(2), "alpha": .float(2), "beta": .float(1), "bias": .float(1)])
    let expected = [1 / 11.0, 2 / 21.0, 3 / 10.0, 4 / 17.0]
    for (got, want) in zip(lrn.doubles(), expected) { #expect((got - want).magnitude <= want * 0x1p-24) }
  }

  @Test func quantization() throws {
    let x = try Tensor([7], [-1, -0.25, 0.25, 0.75, 1.25, 200, .nan])
    let half = try Tensor.scalar(0.5)
    func zero(_ dtype: DType, _ value: Int) throws -> Tensor { try Tensor(dtype, [], wrapping: [value]) }
    // x / 0.5 = −2 −0.5 0.5 1.5 2.5 400: ties to even.
    #expect(try evaluateOne(.quantizeLinear, [x, half, zero(.s8, 0)]).ints() == [-2, 0, 0, 2, 2, 127, 0])
    #expect(try evaluateOne(.quantizeLinear, [x, half, zero(.u8, 1)]).ints() == [0, 1, 1, 3, 3, 255, 1])
    #expect(try evaluateOne(.quantizeLinear, [x, half]).dtype == .u8)
    let codes = try Tensor(.s8, [2, 2], [Int8](arrayLiteral: -128, 127, 3, 4))
    let scales = try Tensor([2], [0.5, 2])
    let zeros = try Tensor(.s8, [2], [Int8](arrayLiteral: -1, 1))
    #expect(try evaluateOne(.dequantizeLinear, [codes, scales, zeros], ["axis": .int(0)]).floats() == [-63.5, 64, 4, 6])
    #expect(try evaluateOne(.dequantizeLinear, [codes, scales, zeros], ["axis": .int(-1)]).floats() == [-63.5, 252, 2, 6])
    let wide = try Tensor(.s32, [2], [Int32.max, -5])
    #expect(try evaluateOne(.dequantizeLinear, [wide, half]).floats() == [0x1p30, -2.5])
    #expect(
      try evaluateOne(.quantizeLinear, [Tensor([2, 2], [1, 1, 4, 4]), scales, zeros], ["axis": .int(0)]).ints() == [1, 1, 3, 3])
  }
}
