import Formats
import Graph
import Tensors

/// Graphs for the container's tests: small, and with every form a .nsk file can hold.
enum NSKSamples {
  /// Deterministic values between −1 and 1; a multiple of 1/64.
  static func floats(_ count: Int, step: Int = 37) -> [Float] { (0..<count).map { Float($0 * step % 129 - 64) / 64 } }

  /// Floats of which about `percent` of a hundred are zero, in an irregular pattern, with a −0.0 and a NaN that must survive.
  static func sparse(_ count: Int, percent: Int) -> [Float] {
    var values = floats(count).enumerated().map { index, value in index * index * 31 % 97 * 100 < percent * 97 ? 0 : value + 2 }
    if count > 3 { (values[1], values[3]) = (-0.0, .nan) }
    return values
  }

  static func affine(_ dtype: DType, _ shape: [Int], axis: Int?, zeroPoints: [Int32]) throws -> Weight {
    let codes = (0..<shape.reduce(1, *)).map { UInt8(truncatingIfNeeded: $0 * 11 % 23) }
    let scales = zeroPoints.indices.map { Float($0 + 1) / 128 }
    let quantization = try AffineQuantization(scales: scales, zeroPoints: zeroPoints, axis: axis)
    return try Weight(shape: shape, elements: .affine(codes: try Tensor(dtype, shape, codes), quantization), arrangement: .dense)
  }

  /// Codes of few bits, for every slice along axis 0 or for groups along axis 1; `zeros` in a hundred are the zero point.
  static func packed(_ bits: Int, signed: Bool, _ shape: [Int], group: Int?, zeros: Int = 0) throws -> Weight {
    let range = AffineQuantization.codes(bits: bits, signed: signed)
    let count = shape[0] * (group.map { (shape[1] + $0 - 1) / $0 } ?? 1)
    let points = (0..<count).map { signed ? 0 : Int32($0) % range.upperBound }
    let quantization = try AffineQuantization(
      scales: (0..<count).map { Float($0 + 1) / 64 }, zeroPoints: points, axis: 0, bits: bits,
      group: group.map { AffineQuantization.Group(axis: 1, size: $0) })
    let index = quantization.scaleIndex(in: shape)
    let codes = (0..<shape.reduce(1, *)).map { place -> UInt8 in
      if place * place * 31 % 97 * 100 < zeros * 97 { return UInt8(truncatingIfNeeded: points[index[place]]) }
      return UInt8(truncatingIfNeeded: range.lowerBound + Int32(place * 7 % range.count))
    }
    return try Weight(
      shape: shape, elements: .affine(codes: Tensor(signed ? .s8 : .u8, shape, codes), quantization), arrangement: .dense)
  }

  /// A dense weight with its zeros left out in the given arrangement, built by hand.
  static func arranged(_ weight: Weight, gaps: Bool) throws -> Weight {
    guard case .plain(let tensor) = weight.elements else { return weight }
    let bits = tensor.elements(as: UInt32.self)
    let kept = bits.indices.filter { bits[$0] != 0 }
    if !gaps {
      var mask = [UInt8](repeating: 0, count: (bits.count + 7) / 8)
      for index in kept { mask[index / 8] |= 1 << UInt8(index % 8) }
      let stored = try Tensor(.f32, [kept.count], kept.map { bits[$0] })
      return try Weight(shape: weight.shape, elements: .plain(stored), arrangement: .bitmap(try Tensor(.u8, [mask.count], mask)))
    }
    var (bytes, stored, position): ([UInt8], [UInt32], Int) = ([], [], 0)
    for index in kept {
      while index - position >= 255 { bytes.append(255); stored.append(0); position += 255 }
      bytes.append(UInt8(index - position))
      stored.append(bits[index])
      position = index + 1
    }
    while bits.count - position >= 255 { bytes.append(255); stored.append(0); position += 255 }
    return try Weight(
      shape: weight.shape, elements: .plain(try Tensor(.f32, [stored.count], stored)),
      arrangement: .gaps(try Tensor(.u8, [bytes.count], bytes)))
  }

  /// Conv, Add and Gemm over weights of several forms, and further constants that nothing reads.
  static func everyForm() throws -> Graph {
    var graph = Graph(name: "every form")
    graph.metadata = ["netsuke.report": "{\"ratio\": 0.25}", "licence": "MIT", "ünïcode": "✓", "": "empty key"]
    let x = graph.addInput("image", ValueType(.f32, [.symbol("N"), 4, 6, 6]))
    let kernel = graph.addValue(
      "conv.weight", constant: try affine(.s8, [8, 4, 3, 3], axis: 0, zeroPoints: [Int32](repeating: 0, count: 8)))
    let bias = graph.addConstant("conv.bias", try Tensor([8], floats(8)))
    let conv = graph.append(
      .conv, "block/conv", [x, kernel, bias],
      [
        "pads": .ints([1, 1, 1, 1]), "group": .int(1), "activation": .string("Clip"), "activation_min": .float(0),
        "activation_max": .float(6),
      ])
    let other = graph.addValue(
      "conv.other", constant: try arranged(Weight(try Tensor([8, 4, 3, 3], sparse(288, percent: 70))), gaps: false))
    let second = graph.append(.conv, "block/conv_1", [x, other, nil], ["pads": .ints([1, 1, 1, 1])])
    let sum = graph.append(.add, "block/add", [conv, second])
    let flat = graph.append(.flatten, "flat", [sum], ["axis": .int(1)])
    let dense = graph.addValue("fc.weight", constant: try arranged(Weight(try Tensor([10, 288], sparse(2880, percent: 95))), gaps: true))
    graph.outputs = [graph.append(.gemm, "logits", [flat, dense], ["transB": .int(1), "alpha": .float(0.5)]), sum]
    let zeros = try affine(.u8, [5, 6], axis: 1, zeroPoints: [0, 11, 3, 255, 1, 7])
    graph.addValue("codes.u8", constant: zeros)
    for bits in [2, 3, 4, 7] {
      graph.addValue("codes.\(bits)", constant: try packed(bits, signed: bits != 3, [6, 17], group: bits == 4 ? 5 : nil))
    }
    graph.addValue("codes.gaps", constant: try packed(4, signed: false, [6, 17], group: nil, zeros: 95).compacted())
    graph.addValue("codes.compact", constant: try affine(.u8, [300], axis: nil, zeroPoints: [11]).compacted())
    for dtype in DType.allCases {
      let bytes = (0..<dtype.byteCount * 40).map { UInt8(truncatingIfNeeded: $0 * 29) }
      _ = graph.addConstant("plain.\(dtype.name)", try Tensor(dtype, [5, 8]) { out in bytes.withUnsafeBytes { out.copyMemory(from: $0) } })
    }
    _ = graph.addConstant("scalar", try Tensor([], [3]))
    _ = graph.addConstant("empty", try Tensor([0, 7], []))
    graph.addValue("nothing known")
    graph.addValue("element only", ValueType(.f16, nil))
    return graph
  }

  /// A Conv with one small weight: a file of a few hundred bytes, so that every byte of it can be tried.
  static func tiny() throws -> Graph {
    var graph = Graph(name: "tiny")
    graph.metadata = ["key": "value"]
    let x = graph.addInput("x", ValueType(.f32, [.symbol("N"), 2, 4, 4]))
    let w = graph.addConstant("w", try Tensor([4, 2, 3, 3], floats(72)))
    graph.outputs = [graph.append(.conv, "y", [x, w], ["strides": .ints([2, 2])])]
    return graph
  }

  static func storage(_ bytes: [UInt8]) throws -> Storage {
    try Storage(byteCount: bytes.count) { out in bytes.withUnsafeBytes { out.copyMemory(from: $0) } }
  }

  static func read(_ bytes: [UInt8]) throws -> Graph { try ModelFile.read(try storage(bytes)) }
}
