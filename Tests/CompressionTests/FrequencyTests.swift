import Compression
import Graph
import Reference
import Tensors
import Testing

@Suite struct FrequencyTests {
  @Test func cosinesAreOrthonormalAndConstantsLieInTheFirst() {
    for (h, w) in [(3, 3), (5, 2), (1, 7), (11, 11)] {
      let basis = CosineBasis(height: h, width: w)
      #expect(DenseCheck.deviation(rows: basis.windows, h * w, h * w) < 1e-13)
      let flat = basis.transform([Double](repeating: 1, count: h * w))
      #expect(abs(flat[0] - Double(h * w).squareRoot()) < 1e-13 && flat.dropFirst().allSatisfy { abs($0) < 1e-13 })
    }
  }

  private func rebuilt(_ coding: FrequencyCoding, _ count: Int) -> [Double] {
    let (atoms, matrix) = coding.sparse(count, soft: false)
    let windows = atoms.flatMap { coding.atoms[$0 * coding.taps..<($0 + 1) * coding.taps] }
    return DenseCheck.product(matrix, windows, coding.outputs * coding.inputs, atoms.count, coding.taps)
  }

  @Test(arguments: [0, 3], [1.0, 1e300, 1e-300]) func allCoefficientsAreTheKernel(centres: Int, scale: Double) throws {
    let k = DenseCheck.random(6 * 4 * 15, 3)
    let coding = try FrequencyCoding(k.map { $0 * scale }, extents: [6, 4, 3, 5], centres: centres)
    for (x, y) in zip(rebuilt(coding, coding.count), k) { #expect(abs(x / scale - y) < 1e-13) }
    // What is said to be kept of fewer is what they rebuild.
    let all = k.reduce(0) { $0 + $1 * $1 }
    for count in [0, 1, 17, 120, 300] {
      let lost = zip(rebuilt(coding, count), k).reduce(0) { $0 + ($1.0 / scale - $1.1) * ($1.0 / scale - $1.1) } / all
      #expect(abs(1 - lost - coding.energies([count])[0]) < 1e-12)
    }
    #expect(try FrequencyCoding([Double](repeating: 0, count: 18), extents: [2, 1, 3, 3], centres: 2).count == 0)
    #expect(throws: Failure.self) { try FrequencyCoding([1, .nan], extents: [2, 1, 1, 1], centres: 0) }
  }

  @Test func centresOfMultiplesAreFound() throws {
    // Every filter is a multiple of one of two windows: so many coefficients are enough.
    let windows = DenseCheck.random(2 * 25, 6), gains = DenseCheck.random(8 * 6, 7)
    var k: [Double] = []
    for filter in 0..<48 { for t in 0..<25 { k.append((gains[filter] + (gains[filter] < 0 ? -0.2 : 0.2)) * windows[filter % 2 * 25 + t]) } }
    let coding = try FrequencyCoding(k, extents: [8, 6, 5, 5], centres: 2)
    #expect(coding.energies([48])[0] > 1 - 1e-12)
    #expect(coding.usedAtoms(48).count == 2)
    #expect(try FrequencyCoding(k, extents: [8, 6, 5, 5], centres: 0).energies([48])[0] < 0.9)
  }

  @Test(arguments: KernelNetwork.windows + [KernelNetwork(kernel: [7, 7], strides: [1, 2], pads: [3, 1, 2, 4])])
  func everyCoefficientIsTheLayer(_ network: KernelNetwork) throws {
    let graph = try network.graph()
    let step = "\"method\": \"factorize.dct\", \"energy\": 1, \"keep\": \"always\""
    for centres in [0, 3] {
      let (factored, _) = try KernelNetwork.apply(step + ", \"centres\": \(centres)", to: graph)
      // Large windows of cosines along one axis and then the other, others whole.
      #expect(factored.nodes.count(where: { $0.op == .conv }) == (centres == 0 && network.kernel[0] == 7 ? 3 : 2))
      #expect(try network.difference(graph, factored) < 1e-5)
    }
    // Steps of 1/254 of the largest coefficient: well within a hundredth of the outputs.
    let (coded, _) = try KernelNetwork.apply(step + ", \"bits\": 8", to: graph)
    #expect(try network.difference(graph, coded) < 0.02)
    let weight = try #require(try coded[Layer.all(in: coded).last?.weight ?? ValueID(0)].constant)
    #expect(weight.quantization?.bits == 8)
  }

  @Test func sparseCodesAreSmall() throws {
    let graph = try KernelNetwork(kernel: [5, 5], pads: [2, 2, 2, 2], inputs: 16, outputs: 24).graph()
    let step = "\"method\": \"factorize.dct\", \"rank\": 960, \"bits\": 4, \"keep\": \"always\""
    for mode in ["hard", "soft"] {
      let (factored, _) = try KernelNetwork.apply(step + ", \"threshold\": \"\(mode)\"", to: graph)
      let weight = try #require(try factored[Layer.all(in: factored)[1].weight].constant)
      #expect(!weight.isDense)
      let stored = try weight.decoded().floats().count { $0 != 0 }
      #expect(stored <= 960 && stored > 600)
      // 9,600 taps of 4 bytes before.
      #expect(weight.storedByteCount < 38_400 / 12)
    }
  }
}
