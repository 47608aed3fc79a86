import Graph
import Reference
import TestSupport
import Tensors
import Testing

@Suite struct WinogradConvTests {
  /// U = G·g·Gᵀ makes it the convolution with taps g.
  ///
  /// Tolerance: coefficients are rounded once, both results once; what a rounding of a coefficient does to an output is at most 2⁻²⁴ times the
  /// formula with absolute values, which for inputs and taps of at most 1 is below Σ over points |A|·|U|·|BdB|·|A| ≤ 200 a channel (tile 4).
  @Test(arguments: [2, 4], [[0, 0, 0, 0], [1, 1, 1, 1], [2, 0, 1, 3]])
  func transformedTapsAreAConvolution(tile: Int, pads: [Int]) throws {
    var random = Random(UInt64(tile))
    let (x, w, b) = (try random.tensor([2, 3, 7, 9]), try random.tensor([4, 3, 3, 3]), try random.tensor([4]))
    let form = try #require(WinogradTile(tile))
    let u = try Tensor([4, 3, form.side, form.side], form.coefficients(w.floats()))
    let attributes: [String: Attribute] = ["pads": .ints(pads), "activation": .string("Relu")]
    let expected = try evaluateOne(.conv, [x, w, b], attributes)
    let actual = try evaluateOne(.winogradConv, [x, u, b], attributes.merging(["tile": .int(tile)]) { $1 })
    #expect(actual.shape == expected.shape)
    #expect(try actual.distance(to: expected) <= 3 * 200 * 0x1p-24)
  }

  @Test func matricesAreALagrangeBasis() throws {
    // Aᵀ[(G·g)⊙(Bᵀ·d)] is Σ g[k]·d[y + k] for unit vectors g and d.
    for tile in [2, 4] {
      let form = try #require(WinogradTile(tile))
      let (a, b, g) = (form.outputMatrix, form.inputMatrix, form.weightMatrix)
      for k in 0..<3 {
        for d in 0..<form.side {
          for y in 0..<tile {
            var sum = 0.0
            for i in 0..<form.side { sum += a[y * form.side + i] * g[3 * i + k] * b[i * form.side + d] }
            #expect(abs(sum - (y + k == d ? 1 : 0)) < 1e-12)
          }
        }
      }
    }
  }

  @Test func whatIsWrongIsRefused() throws {
    let x = try Tensor.counting([1, 2, 5, 5])
    func refused(_ u: [Int], _ attributes: [String: Attribute], bias: [Int]? = nil) {
      #expect(throws: Failure.self) {
        _ = try evaluateOne(.winogradConv, [x, Tensor.counting(u)] + (bias.map { [try Tensor.counting($0)] } ?? []), attributes)
      }
    }
    for tile in [Int.min, -4, 0, 1, 3, 6, Int.max] { refused([3, 2, 6, 6], ["tile": .int(tile)]) }
    refused([3, 2, 4, 4], ["tile": .int(4)])
    refused([3, 2, 6, 6], ["tile": .int(2)])
    refused([3, 2, 6], ["tile": .int(4)])
    refused([3, 1, 6, 6], ["tile": .int(4)])
    refused([3, 2, 6, 6], ["tile": .int(4)], bias: [2])
    refused([3, 2, 6, 6], ["tile": .int(4), "pads": .ints([1, 1, 1])])
    refused([3, 2, 6, 6], ["tile": .int(4), "pads": .ints([-1, 1, 1, 1])])
    refused([3, 2, 6, 6], ["tile": .int(4), "strides": .ints([2, 2])])
    refused([3, 2, 6, 6], ["tile": .string("4")])
    #expect(try evaluateOne(.winogradConv, [x, Tensor.counting([3, 2, 6, 6])]).shape == [1, 3, 3, 3])
  }
}
