import Graph
import TestSupport
import Tensors
import Testing

/// The inferred type of one node, as text: `f32[N, 8]`.
private func inferred(
  _ op: Operator, _ inputs: [ValueType?], constants: [Int: Tensor] = [:], _ attributes: [String: Attribute] = [:], outputs: Int = 1
) throws -> [String] {
  var graph = Graph()
  let ids = inputs.enumerated().map { position, type -> ValueID? in
    if let tensor = constants[position] { return graph.addConstant("c\(position)", tensor) }
    return type.map { graph.addInput("x\(position)", $0) }
  }
  let made = (0..<outputs).map { graph.addValue("y\($0)") }
  graph.nodes.append(Node(op, name: "node", inputs: ids, outputs: made, attributes: Attributes(attributes)))
  graph.outputs = made
  try graph.inferTypes()
  try Verifier.verify(graph)
  return made.map { graph[$0].type?.description ?? "?" }
}

private func f32(_ shape: Dim...) -> ValueType { ValueType(.f32, shape) }
private let n = Dim.symbol("N")

@Suite struct InferenceTests {
  @Test func convolution() throws {
    #expect(
      try inferred(.conv, [f32(n, 3, 224, 224), f32(32, 3, 3, 3)], ["strides": .ints([2, 2]), "pads": .ints([0, 0, 1, 1])])
        == ["f32[N, 32, 112, 112]"])
    #expect(
      try inferred(.conv, [f32(n, 8, 14, 14), f32(8, 1, 3, 3), f32(8)], ["group": .int(8), "auto_pad": .string("SAME_UPPER")])
        == ["f32[N, 8, 14, 14]"])
    // 1-D, dilated: (20 + 2 − 5) / 1 + 1
    #expect(
      try inferred(.conv, [f32(1, 4, 20), f32(6, 4, 3)], ["dilations": .ints([2]), "pads": .ints([1, 1])]) == ["f32[1, 6, 18]"])
    // Symbolic height and width: same padding keeps them, others are named by their formula.
    #expect(
      try inferred(.conv, [f32(1, 3, .symbol("H"), .symbol("W")), f32(4, 3, 3, 3)], ["pads": .ints([1, 1, 1, 1])])
        == ["f32[1, 4, H, W]"])
    #expect(
      try inferred(.conv, [f32(1, 3, .symbol("H"), 9), f32(4, 3, 3, 3)], ["strides": .ints([2, 2])])
        == ["f32[1, 4, (floor((H+-3)/2)+1), 4]"])
  }

  @Test func windows() throws {
    // ceil mode: (6 − 3) / 2 is 1.5, so a third window that begins on the input.
    #expect(
      try inferred(.maxPool, [f32(1, 1, 6, 6)], ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "ceil_mode": .int(1)])
        == ["f32[1, 1, 3, 3]"])
    // The window that would begin in the end padding (at 5 − 1 + … ≥ 4 + 1) is left out: in 4, kernel 1… stride 3, pads 1.
    #expect(
      try inferred(
        .averagePool, [f32(1, 1, 4, 4)],
        ["kernel_shape": .ints([2, 2]), "strides": .ints([3, 3]), "pads": .ints([1, 1, 1, 1]), "ceil_mode": .int(1)])
        == ["f32[1, 1, 2, 2]"])
    let lower = try WindowAttributes(
      Attributes(["auto_pad": .string("SAME_LOWER"), "strides": .ints([2]), "dilations": .ints([2])]), kernel: [3])
    // out = 4; (4 − 1) · 2 + 5 − 7 = 4 pads
    #expect(try lower.axes(over: [7])[0] == .init(input: 7, kernel: 3, stride: 2, dilation: 2, padBegin: 2, padEnd: 2, output: 4))
    let odd = try WindowAttributes(Attributes(["auto_pad": .string("SAME_LOWER")]), kernel: [2])
    #expect(try odd.axes(over: [5])[0].padBegin == 1)
    let valid = try WindowAttributes(Attributes(["auto_pad": .string("VALID"), "strides": .ints([2])]), kernel: [3])
    #expect(try valid.axes(over: [8])[0].output == 3)
  }

  @Test func tapsOfAWindow() {
    let axis = WindowGeometry.Axis(input: 5, kernel: 3, stride: 2, dilation: 2, padBegin: 2, padEnd: 1, output: 3)
    // Windows read −2 0 2 | 0 2 4 | 2 4 6; the padded input ends at 6.
    #expect((0..<3).map(axis.taps) == [1..<3, 0..<3, 0..<2])
    #expect((0..<3).map(axis.paddedTaps) == [0..<3, 0..<3, 0..<2])
  }

  @Test func products() throws {
    #expect(try inferred(.gemm, [f32(n, 8), f32(5, 8), f32(5)], ["transB": .int(1)]) == ["f32[N, 5]"])
    #expect(try inferred(.matMul, [f32(n, 4, 8), f32(8, 3)]) == ["f32[N, 4, 3]"])
    #expect(try inferred(.matMul, [f32(8), f32(2, 8, 3)]) == ["f32[2, 3]"])
    #expect(try inferred(.matMul, [f32(8), f32(8)]) == ["f32[]"])
  }

  @Test func broadcasting() throws {
    #expect(try inferred(.add, [f32(n, 8, 1, 1), f32(4, 4)]) == ["f32[N, 8, 4, 4]"])
    #expect(try inferred(.mul, [f32(), f32()]) == ["f32[]"])
    #expect(try inferred(.div, [f32(n, 1), f32(3)]) == ["f32[N, 3]"])
    #expect(throws: Failure.self) { try inferred(.sub, [f32(2), f32(3)]) }
  }

  @Test func reshapes() throws {
    func reshape(_ type: ValueType, _ target: [Int], zero: Int = 0) throws -> String {
      try inferred(.reshape, [type, nil], constants: [1: .integers(target)], ["allowzero": .int(zero)])[0]
    }
    #expect(try reshape(f32(n, 512, 1, 1), [-1, 512]) == "f32[N, 512]")
    #expect(try reshape(f32(n, 512, 1, 1), [0, -1]) == "f32[N, 512]")
    #expect(try reshape(f32(n, 6, 4), [-1, 4]) == "f32[6*N, 4]")
    #expect(try reshape(f32(n, 6, .symbol("H")), [0, 3, 2, -1]) == "f32[N, 3, 2, H]")
    #expect(try reshape(f32(0, 4), [0, 2, 2], zero: 1) == "f32[0, 2, 2]")
    #expect(throws: Failure.self) { try reshape(f32(2, 3), [4, -1]) }
    #expect(throws: Failure.self) { try reshape(f32(2, 3), [-1, -1]) }
    #expect(throws: Failure.self) { try reshape(f32(n, 3), [0, 4]) }
    #expect(try inferred(.flatten, [f32(n, 2, 3)], ["axis": .int(-2)]) == ["f32[N, 6]"])
    #expect(try inferred(.flatten, [f32(2, 3)], ["axis": .int(0)]) == ["f32[1, 6]"])
    #expect(try inferred(.squeeze, [f32(1, n, 1), nil], constants: [1: .integers([-1])]) == ["f32[1, N]"])
    #expect(try inferred(.unsqueeze, [f32(n, 2), nil], constants: [1: .integers([0, -1])]) == ["f32[1, N, 2, 1]"])
    #expect(try inferred(.transpose, [f32(n, 2, 3)], ["perm": .ints([0, 2, 1])]) == ["f32[N, 3, 2]"])
  }

  @Test func selections() throws {
    #expect(try inferred(.concat, [f32(n, 2, 4), f32(n, 3, 4)], ["axis": .int(-2)]) == ["f32[N, 5, 4]"])
    #expect(try inferred(.split, [f32(n, 7)], ["axis": .int(1)], outputs: 2) == ["f32[N, 4]", "f32[N, 3]"])
    #expect(
      try inferred(.split, [f32(n, 7), nil], constants: [1: .integers([1, 6])], ["axis": .int(-1)], outputs: 2)
        == ["f32[N, 1]", "f32[N, 6]"])
    func slice(_ starts: [Int], _ ends: [Int], _ axes: [Int], _ steps: [Int]) throws -> String {
      try inferred(
        .slice, [f32(n, 10, 10), nil, nil, nil, nil],
        constants: [1: .integers(starts), 2: .integers(ends), 3: .integers(axes), 4: .integers(steps)])[0]
    }
    #expect(try slice([0, 2], [Int.max, -1], [0, 1], [1, 3]) == "f32[N, 3, 10]")
    #expect(try slice([-1], [Int.min], [2], [-2]) == "f32[N, 10, 5]")
    #expect(try slice([8], [2], [1], [1]) == "f32[N, 0, 10]")
    #expect(throws: Failure.self) { try slice([0], [1], [1], [0]) }
    #expect(try inferred(.gather, [f32(n, 5), nil], constants: [1: Tensor(.s64, [], [-1])], ["axis": .int(1)]) == ["f32[N]"])
    #expect(throws: Failure.self) { try inferred(.gather, [f32(n, 5), nil], constants: [1: .integers([5])], ["axis": .int(1)]) }
    #expect(try inferred(.pad, [f32(n, 2, 5), nil], constants: [1: .integers([0, 0, 1, 0, 0, -2])]) == ["f32[N, 2, 4]"])
    #expect(try inferred(.expand, [f32(3, 1), nil], constants: [1: .integers([2, 1, 4])]) == ["f32[2, 3, 4]"])
    #expect(try inferred(.reduceMean, [f32(n, 8, 7, 7), nil], constants: [1: .integers([2, 3])], ["keepdims": .int(0)]) == ["f32[N, 8]"])
  }

  @Test func typesFollow() throws {
    #expect(try inferred(.cast, [f32(n)], ["to": .int(7)]) == ["s64[N]"])
    #expect(try inferred(.shape, [f32(n, 2, 3)], ["start": .int(-2)]) == ["s64[2]"])
    #expect(try inferred(.quantizeLinear, [f32(n, 3), f32(), ValueType(.s8, [])]) == ["s8[N, 3]"])
    #expect(try inferred(.quantizeLinear, [f32(n, 3), f32()]) == ["u8[N, 3]"])
    #expect(try inferred(.dequantizeLinear, [ValueType(.s32, [4]), f32(4)], ["axis": .int(0)]) == ["f32[4]"])
  }
}
