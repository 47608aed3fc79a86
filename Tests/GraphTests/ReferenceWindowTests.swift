import Graph
import Reference
import TestSupport
import Tensors
import Testing

/// Convolution and pooling against sums written out by hand or by the definition.
@Suite struct ReferenceWindowTests {
  @Test func aConvolutionByHand() throws {
    // 1 2 3 / 4 5 6 / 7 8 9 under [[1 0][0 −1]]: a − e everywhere −4; with bias ½.
    let x = try Tensor.counting([1, 1, 3, 3])
    let w = try Tensor([1, 1, 2, 2], [1, 0, 0, -1])
    #expect(try evaluateOne(.conv, [x, w, Tensor([1], [0.5])]).floats() == [-3.5, -3.5, -3.5, -3.5])
    #expect(try evaluateOne(.conv, [x, w, nil], ["activation": .string("Relu")]).floats() == [0, 0, 0, 0])
    // Padded at the top and left only.
    #expect(
      try evaluateOne(.conv, [x, w], ["pads": .ints([1, 1, 0, 0])]).floats() == [-1, -2, -3, -4, -4, -4, -7, -4, -4])
  }

  /// The definition, one output at a time, for every combination of the attributes.
  @Test func convolutionsByDefinition() throws {
    var random = Random(7)
    for round in 0..<120 {
      let group = random.pick([1, 1, 2, 3])
      let (slice, filters) = (random.int(1...3), group * random.int(1...2))
      let flat = round % 5 == 0
      let kernel = [flat ? 1 : random.int(1...3), random.int(1...3)]
      let strides = [flat ? 1 : random.int(1...3), random.int(1...3)]
      let dilations = [flat ? 1 : random.int(1...2), random.int(1...2)]
      let pads = (0..<4).map { flat && $0 % 2 == 0 ? 0 : random.int(0...2) }
      let extents = [flat ? 1 : random.int(5...8), random.int(5...8)]
      let x = try random.tensor([2, group * slice] + extents)
      let w = try random.tensor([filters, slice] + kernel)
      let b = try random.tensor([filters])
      var attributes: [String: Attribute] = ["group": .int(group)]
      var (inputs, weights) = (x, w)
      if flat {
        // The same as a one-dimensional convolution.
        attributes["strides"] = .ints([strides[1]])
        attributes["dilations"] = .ints([dilations[1]])
        attributes["pads"] = .ints([pads[1], pads[3]])
        inputs = try x.reshaped([2, group * slice, extents[1]])
        weights = try w.reshaped([filters, slice, kernel[1]])
      } else {
        attributes["strides"] = .ints(strides)
        attributes["dilations"] = .ints(dilations)
        attributes["pads"] = .ints(pads)
      }
      let y = try evaluateOne(.conv, [inputs, weights, b], attributes)
      let (rows, columns) = (flat ? 1 : y.shape[2], y.shape[y.shape.count - 1])
      #expect(columns == (extents[1] + pads[1] + pads[3] - (kernel[1] - 1) * dilations[1] - 1) / strides[1] + 1)
      let (xs, ws, bs, ys) = (x.doubles(), w.doubles(), b.doubles(), y.doubles())
      for (index, got) in ys.enumerated() {
        let (ox, oy) = (index % columns, index / columns % rows)
        let (f, n) = (index / (columns * rows) % filters, index / (columns * rows * filters))
        var sum = bs[f]
        for c in 0..<slice {
          for i in 0..<kernel[0] {
            for j in 0..<kernel[1] {
              let (iy, ix) = (oy * strides[0] - pads[0] + i * dilations[0], ox * strides[1] - pads[1] + j * dilations[1])
              guard (0..<extents[0]).contains(iy), (0..<extents[1]).contains(ix) else { continue }
              let channel = f / (filters / group) * slice + c
              sum +=
                ws[((f * slice + c) * kernel[0] + i) * kernel[1] + j]
                * xs[((n * group * slice + channel) * extents[0] + iy) * extents[1] + ix]
            }
          }
        }
        // The result is the f32 nearest to a double that may differ from ours in its last bits: half an ulp and a little.
        #expect((got - sum).magnitude <= sum.magnitude * 0x1p-23 + 1e-12)
      }
    }
  }

  @Test func pools() throws {
    let x = try Tensor.counting([1, 1, 3, 3])
    let window: [String: Attribute] = ["kernel_shape": .ints([2, 2])]
    func pool(_ op: Operator, _ more: [String: Attribute]) throws -> [Float] {
      try evaluateOne(op, [x], window.merging(more) { $1 }).floats()
    }
    #expect(try pool(.maxPool, [:]) == [5, 6, 8, 9])
    #expect(try pool(.averagePool, [:]) == [3, 4, 6, 7])
    #expect(try pool(.maxPool, ["pads": .ints([1, 1, 0, 0]), "strides": .ints([2, 2])]) == [1, 3, 7, 9])
    #expect(try pool(.averagePool, ["pads": .ints([1, 1, 0, 0]), "strides": .ints([2, 2])]) == [1, 2.5, 5.5, 7])
    #expect(
      try pool(.averagePool, ["pads": .ints([1, 1, 0, 0]), "strides": .ints([2, 2]), "count_include_pad": .int(1)])
        == [0.25, 1.25, 2.75, 7])
    // In ceil mode the window that hangs over counts only what is there, padding or not.
    #expect(try pool(.averagePool, ["strides": .ints([2, 2]), "ceil_mode": .int(1)]) == [3, 4.5, 7.5, 9])
    #expect(try pool(.averagePool, ["strides": .ints([2, 2]), "ceil_mode": .int(1), "count_include_pad": .int(1)]) == [3, 4.5, 7.5, 9])
    #expect(try pool(.maxPool, ["strides": .ints([2, 2]), "auto_pad": .string("SAME_UPPER")]) == [5, 6, 8, 9])
    #expect(try pool(.maxPool, ["dilations": .ints([2, 2])]) == [9])
    #expect(try evaluateOne(.globalAveragePool, [x]).floats() == [5])
    #expect(try evaluateOne(.globalMaxPool, [x]).shape == [1, 1, 1, 1])
    #expect(try evaluateOne(.maxPool, [Tensor.counting([1, 1, 4])], ["kernel_shape": .ints([3])]).floats() == [3, 4])
    #expect(try evaluateOne(.reduceMean, [x, .integers([-1])], ["keepdims": .int(0)]).floats() == [2, 5, 8])
    #expect(try evaluateOne(.reduceMean, [x]).floats() == [5])
  }
}
