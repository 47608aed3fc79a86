import Graph
import KernelContract
import Plan
import Tensors
import Testing

/// Layers whose sums reach their codes in integers alone, against sums and roundings written out (Jacob et al. 2018, section 2.2; the rounding is held
/// against its definition in the kernels' tests).
@Suite struct FixedPointTests {
  private static let fixed: [String: Attribute] = ["requantization": .string("fixed_point")]

  private static func rescale(_ x: Int, _ factor: Double) -> Int {
    let scale = FixedPointScale(factor)
    let high = ((x << max(Int(scale.shift), 0)) * Int(scale.multiplier) + (1 << 30)) >> 31
    let right = max(-Int(scale.shift), 0)
    // Halves away from zero.
    return right == 0 ? high : high.signum() * Int((high.magnitude + (1 << (right - 1))) >> right)
  }

  @Test(arguments: [(1, 10), (8, 8), (2, 6)]) func convolutions(groups: Int, outputs: Int) throws {
    var net = Net(seed: 7)
    let x = net.input([2, 8, 6, 5], .u8)
    let inputZero = net.graph.addConstant("zx", try Tensor(.u8, [], [UInt8(123)]))
    let reals = net.node(.dequantizeLinear, [x, try net.constant([], [0.02]), inputZero])
    let weights = try net.integerWeights([outputs, 8 / groups, 3, 3])
    let codes = try #require(net.graph[weights].constant)
    let scales = try #require(codes.quantization).scales
    let biases = (0..<outputs).map { 37 * $0 - 150 }
    let bias = try net.constant([outputs], zip(biases, scales).map { Float(Double($0) * Double(0.02 as Float) * Double($1)) })
    let sum = net.node(.conv, [reals, weights, bias], ["group": .int(groups), "pads": .ints([1, 1, 1, 1]), "strides": .ints([1, 1])])
    let scale = try net.constant([], [0.05])
    let zero = net.graph.addConstant("zy", try Tensor(.u8, [], [UInt8(101)]))
    net.output(net.node(.quantizeLinear, [sum, scale, zero], Self.fixed))
    let graph = try net.finished()
    #expect(try makePlan(graph).steps.contains { $0.kernel.contains("requantize_fixed") })

    let inputs = try net.randomInputs()
    let image = try inputs[0].ints()
    let taps = try codes.elements.stored.ints()
    var wanted: [Int] = []
    for n in 0..<2 {
      for o in 0..<outputs {
        for y in 0..<6 {
          for x in 0..<5 {
            var sum = biases[o]
            for c in 0..<8 / groups {
              for (dy, dx) in (0..<9).map({ ($0 / 3, $0 % 3) }) {
                let (row, column) = (y + dy - 1, x + dx - 1)
                guard (0..<6).contains(row), (0..<5).contains(column) else { continue }
                let channel = o / (outputs / groups) * (8 / groups) + c
                sum += (image[((n * 8 + channel) * 6 + row) * 5 + column] - 123) * taps[((o * (8 / groups) + c) * 3 + dy) * 3 + dx]
              }
            }
            let factor = Double(0.02 as Float) * Double(scales[o]) / Double(0.05 as Float)
            wanted.append(min(max(Self.rescale(sum, factor) + 101, 0), 255))
          }
        }
      }
    }
    for threads in 1...3 { #expect(try execute(graph, inputs, threads: threads)[0].ints() == wanted) }
  }

  @Test func fullyConnectedLayersAndSums() throws {
    var net = Net(seed: 8)
    let x = net.input([3, 20], .u8)
    let inputZero = net.graph.addConstant("zx", try Tensor(.u8, [], [UInt8(123)]))
    let reals = net.node(.dequantizeLinear, [x, try net.constant([], [0.02]), inputZero])
    let weights = try net.integerWeights([20, 20], axis: 0)
    let codes = try #require(net.graph[weights].constant)
    let product = net.node(.gemm, [reals, weights, try net.constant([20], [Float](repeating: 0, count: 20))], ["transB": .int(1)])
    let scale = try net.constant([], [0.05])
    let zero = net.graph.addConstant("zy", try Tensor(.u8, [], [UInt8(101)]))
    let quantized = net.node(.quantizeLinear, [product, scale, zero], Self.fixed)
    let left = net.node(.dequantizeLinear, [quantized, scale, zero])
    let sum = net.node(.add, [left, reals])
    let last = try net.constant([], [0.06])
    net.output(quantized, net.node(.quantizeLinear, [sum, last, zero], Self.fixed))
    let graph = try net.finished()
    #expect(try makePlan(graph).steps.contains { $0.kernel.contains("add_fixed") })
    let inputs = try net.randomInputs()
    let (rows, taps) = (try inputs[0].ints(), try codes.elements.stored.ints())
    let scales = try #require(codes.quantization).scales
    var products: [Int] = []
    for row in 0..<3 {
      for o in 0..<20 {
        let sum = (0..<20).reduce(0) { $0 + (rows[row * 20 + $1] - 123) * taps[o * 20 + $1] }
        products.append(min(max(Self.rescale(sum, Double(0.02 as Float) * Double(scales[o]) / Double(0.05 as Float)) + 101, 0), 255))
      }
    }
    let twice = 2 * Double(0.05 as Float)
    let sums = zip(products, rows).map { product, x in
      let a = Self.rescale((product - 101) << 20, Double(0.05 as Float) / twice)
      let b = Self.rescale((x - 123) << 20, Double(0.02 as Float) / twice)
      return min(max(Self.rescale(a + b, twice / (0x1p20 * Double(0.06 as Float))) + 101, 0), 255)
    }
    let outputs = try execute(graph, inputs)
    #expect(try outputs[0].ints() == products)
    #expect(try outputs[1].ints() == sums)
  }

  @Test func anotherWordIsRefused() throws {
    var net = Net(seed: 9)
    let x = net.input([1, 4])
    net.output(net.node(.quantizeLinear, [x, try net.constant([], [0.05])], ["requantization": .string("exact")]))
    #expect(throws: Failure.self) { try net.finished() }
  }
}
