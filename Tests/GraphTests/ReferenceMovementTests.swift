import Graph
import Reference
import TestSupport
import Tensors
import Testing

@Suite struct ReferenceMovementTests {
  private let x = try? Tensor.counting([2, 3])

  @Test func shapesAndOrder() throws {
    let x = try #require(x)
    #expect(try evaluateOne(.transpose, [x]).floats() == [1, 4, 2, 5, 3, 6])
    #expect(try evaluateOne(.transpose, [Tensor.counting([1, 2, 2])], ["perm": .ints([2, 0, 1])]).floats() == [1, 3, 2, 4])
    #expect(try evaluateOne(.reshape, [x, .integers([-1, 2])]).shape == [3, 2])
    #expect(try evaluateOne(.flatten, [x], ["axis": .int(0)]).shape == [1, 6])
    #expect(try evaluateOne(.unsqueeze, [x, .integers([1])]).shape == [2, 1, 3])
    #expect(try evaluateOne(.squeeze, [Tensor.counting([1, 2, 1])]).shape == [2])
    #expect(try evaluateOne(.identity, [x]).floats() == x.floats())
    // Channels 0…5 in 2 groups: 0 3 1 4 2 5.
    let shuffled = try evaluateOne(.channelShuffle, [Tensor.counting([1, 6, 1, 1])], ["groups": .int(2)])
    #expect(shuffled.floats() == [1, 4, 2, 5, 3, 6])
  }

  @Test func shuffleIsReshapeTransposeReshape() throws {
    var random = Random(3)
    let x = try random.tensor([2, 12, 3, 2])
    for groups in [1, 2, 3, 4, 6] {
      let folded = try evaluateOne(.reshape, [x, .integers([2, groups, 12 / groups, 3, 2])])
      let turned = try evaluateOne(.transpose, [folded], ["perm": .ints([0, 2, 1, 3, 4])])
      let expected = try evaluateOne(.reshape, [turned, .integers([2, 12, 3, 2])])
      #expect(try evaluateOne(.channelShuffle, [x], ["groups": .int(groups)]).distance(to: expected) == 0)
    }
  }

  @Test func partsOfTensors() throws {
    let x = try #require(x)
    #expect(try evaluateOne(.concat, [x, Tensor([2, 1], [8, 9])], ["axis": .int(1)]).floats() == [1, 2, 3, 8, 4, 5, 6, 9])
    #expect(try evaluateOne(.concat, [x, x], ["axis": .int(0)]).floats() == x.floats() + x.floats())
    #expect(try evaluate(.split, [x], ["axis": .int(1)], outputs: 2).map { $0.floats() } == [[1, 2, 4, 5], [3, 6]])
    #expect(try evaluate(.split, [x, .integers([0, 3])], ["axis": .int(-1)], outputs: 2).map(\.shape) == [[2, 0], [2, 3]])
    func slice(_ starts: [Int], _ ends: [Int], _ axes: [Int], _ steps: [Int]) throws -> [Float] {
      try evaluateOne(.slice, [x, .integers(starts), .integers(ends), .integers(axes), .integers(steps)]).floats()
    }
    #expect(try slice([1], [3], [1], [1]) == [2, 3, 5, 6])
    #expect(try slice([-1, 0], [Int.min, 2], [1, 0], [-1, 1]) == [3, 2, 1, 6, 5, 4])
    #expect(try slice([-1], [-4], [1], [-2]) == [3, 1, 6, 4])
    #expect(try slice([5], [9], [1], [1]) == [])
    #expect(try evaluateOne(.gather, [x, Tensor(.s64, [], [-1])], ["axis": .int(1)]).floats() == [3, 6])
    #expect(try evaluateOne(.gather, [x, Tensor(.s64, [1, 2], [1, 0])]).shape == [1, 2, 3])
    #expect(try evaluateOne(.expand, [Tensor([2, 1], [1, 2]), .integers([3])]).floats() == [1, 1, 1, 2, 2, 2])
  }

  @Test func pads() throws {
    let x = try #require(x)
    func pad(_ pads: [Int], _ mode: String, value: Float? = nil) throws -> [Float] {
      try evaluateOne(
        .pad, [x, .integers(pads), value.map { try Tensor.scalar($0) }, .integers([1])], ["mode": .string(mode)]
      ).floats()
    }
    #expect(try pad([1, 1], "constant", value: 9) == [9, 1, 2, 3, 9, 9, 4, 5, 6, 9])
    #expect(try pad([1, 0], "constant") == [0, 1, 2, 3, 0, 4, 5, 6])
    #expect(try pad([-1, 1], "edge") == [2, 3, 3, 5, 6, 6])
    #expect(try pad([2, 2], "reflect") == [3, 2, 1, 2, 3, 2, 1, 6, 5, 4, 5, 6, 5, 4])
  }

  @Test func shapesAndTypes() throws {
    let x = try #require(x)
    #expect(try evaluateOne(.shape, [x]).ints() == [2, 3])
    #expect(try evaluateOne(.shape, [x], ["start": .int(-1)]).ints() == [3])
    #expect(try evaluateOne(.constantOfShape, [.integers([2])], ["value": .tensor(Tensor(.s64, [1], [7]))]).ints() == [7, 7])
    #expect(try evaluateOne(.constantOfShape, [.integers([1, 2])]).floats() == [0, 0])
    let floats = try Tensor([5], [-1.7, 2.5, 300, .nan, -.infinity])
    func cast(_ tensor: Tensor, _ to: DType) throws -> Tensor { try evaluateOne(.cast, [tensor], ["to": .int(Int(to.rawValue))]) }
    #expect(try cast(floats, .s8).ints() == [-1, 2, 127, 0, -128])
    #expect(try cast(floats, .s64).ints() == [-1, 2, 300, 0, Int.min])
    #expect(try cast(floats, .bool).ints() == [1, 1, 1, 1, 1])
    #expect(try cast(.integers([300, -1, 0]), .u8).ints() == [44, 255, 0])
    #expect(try cast(.integers([0x100_0001, 0x100_0003]), .f32).floats() == [0x1p24, 0x1p24 + 4])
    // Ties to even, a carry into the exponent, the largest half, a subnormal, and overflow.
    let halves = try cast(Tensor([6], [1 + 0x1p-11, 1 + 3 * 0x1p-11, 65519, 65520, 0x1p-24, 0x1p-26]), .f16)
    #expect(halves.doubles() == [1, 1 + 0x1p-9, 65504, .infinity, 0x1p-24, 0])
  }

  @Test func everyHalfSurvivesTheRoundTrip() {
    for bits in UInt16.min...UInt16.max {
      let value = Float(halfBits: bits)
      #expect(value.isNaN || UInt16(halfRounding: Double(value)) == bits)
    }
  }
}
