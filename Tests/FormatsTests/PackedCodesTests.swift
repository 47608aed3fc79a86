import Formats
import Graph
import Tensors
import Testing

@Suite struct PackedCodesTests {
  private func graph(_ weight: Weight) -> Graph {
    var graph = Graph(name: "linear")
    let x = graph.addInput("x", ValueType(.f32, [.symbol("N"), .fixed(weight.shape[1])]))
    graph.outputs = [graph.append(.gemm, "y", [x, graph.addValue("w", constant: weight)], ["transB": .int(1)])]
    return graph
  }

  /// Every width, signed and not, dense and sparse, with and without groups: the same weight, in as many bits as it should take.
  @Test(arguments: 2...8, [true, false]) func everyWidthComesBack(bits: Int, signed: Bool) throws {
    for (zeros, group) in [(0, nil), (0, 32), (60, nil), (96, 7)] as [(Int, Int?)] {
      let dense = try NSKSamples.packed(bits, signed: signed, [40, 101], group: group, zeros: zeros)
      let weight = try dense.compacted()
      #expect(zeros == 0 || !weight.isDense)
      let bytes = try ModelFile.encode(graph(weight), as: .nsk)
      let back = try #require(try NSKSamples.read(bytes).values[1].constant)
      #expect(back.quantization == weight.quantization)
      #expect(back.elements.stored.bytes.elementsEqual(weight.elements.stored.bytes))
      #expect(back.codeName == weight.codeName)
      #expect(try back.decoded().floats() == dense.decoded().floats())
      // Header, sections, names, padding and slack take less than 900 bytes; zero points may be left out of the file.
      #expect(bytes.count < weight.storedByteCount + 900)
      let scales = weight.quantization?.scales.count ?? 0
      let stored = weight.elements.stored.count
      #expect(weight.elementByteCount == (stored * bits + 7) / 8)
      #expect(bytes.count > weight.elementByteCount + 4 * scales)
    }
  }

  /// scale · (code − zero point), the scale being that of the row and of every five columns.
  @Test func groupsDecodeAsTheySay() throws {
    let weight = try NSKSamples.packed(4, signed: false, [3, 12], group: 5)
    let quantization = try #require(weight.quantization)
    #expect(quantization.scales.count == 9 && weight.codeName == "u4 by 5")
    let codes = weight.elements.stored.bytes
    let values = try weight.decoded().floats()
    for row in 0..<3 {
      for column in 0..<12 {
        let place = row * 3 + column / 5
        let code = Int32(codes[row * 12 + column]) - quantization.zeroPoints[place]
        #expect(values[row * 12 + column] == quantization.scales[place] * Float(code))
      }
    }
  }

  @Test func codesOutsideTheirBitsAreRefused() throws {
    let quantization = try AffineQuantization(scales: [1], zeroPoints: [0], axis: nil, bits: 4)
    for code in [Int8(8), -9] {
      #expect(throws: Failure.self) {
        try Weight(shape: [1], elements: .affine(codes: Tensor(.s8, [1], [code]), quantization), arrangement: .dense)
      }
    }
    #expect(throws: Failure.self) { try AffineQuantization(scales: [1], zeroPoints: [0], axis: nil, bits: 9) }
    #expect(throws: Failure.self) {
      try AffineQuantization(scales: [1], zeroPoints: [0], axis: nil, group: AffineQuantization.Group(axis: 1, size: 4))
    }
    let group = try AffineQuantization(
      scales: [1, 1], zeroPoints: [0, 0], axis: 0, group: AffineQuantization.Group(axis: 1, size: .max))
    #expect(group.scaleCount(in: [2, 9]) == 2 && group.scaleCount(in: [2]) == nil)
  }

  /// Blocks of a matrix go to ONNX and come back, along either axis, whole or with a shorter block at the end.
  @Test(arguments: [32, 48], [true, false]) func groupsAreBlocksInONNX(size: Int, transposed: Bool) throws {
    let weight = try NSKSamples.packed(4, signed: false, [6, 64], group: size)
    var linear = graph(weight)
    if transposed, case .affine(let codes, var quantization) = weight.elements {
      let bytes = codes.bytes
      quantization = try AffineQuantization(
        scales: quantization.scales, zeroPoints: quantization.zeroPoints, axis: 1, bits: 4,
        group: AffineQuantization.Group(axis: 0, size: size))
      var turned = [UInt8](repeating: 0, count: 64 * 6)
      for place in turned.indices {
        let (input, output) = (place / 6, place % 6)
        turned[place] = bytes[output * 64 + input]
      }
      linear.values[1].constant = try Weight(
        shape: [64, 6], elements: .affine(codes: Tensor(.u8, [64, 6], turned), quantization), arrangement: .dense)
      linear.nodes[0].attributes["transB"] = .int(0)
    }
    let before = try #require(linear.values[1].constant).decoded().floats()
    let file = try ModelFile.encode(linear, as: .onnx)
    let back = try ModelFile.read(try NSKSamples.storage(file))
    let again = try #require(back[try back.nodes[0].requiredInput(1)].constant)
    #expect(again.quantization?.group?.size == size)
    #expect(try again.decoded().floats() == before)
  }
}
