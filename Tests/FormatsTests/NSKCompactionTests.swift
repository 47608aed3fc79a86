import Formats
import Graph
import Tensors
import Testing

@Suite struct NSKCompactionTests {
  private func bits(_ tensor: Tensor) -> [UInt8] { Array(tensor.bytes) }

  @Test(arguments: [0, 1, 7, 8, 9, 255, 256, 511, 1000, 4099], [0, 20, 50, 80, 95, 100])
  func plainFloatsComeBack(count: Int, percent: Int) throws {
    let dense = Weight(try Tensor([count], NSKSamples.sparse(count, percent: percent)))
    let compact = try dense.compacted()
    #expect(compact.storedByteCount <= dense.storedByteCount)
    #expect(try bits(compact.decoded()) == bits(dense.decoded()))
    #expect(try bits(compact.expanded().elements.stored) == bits(dense.elements.stored))
  }

  /// The smallest of the three by the definitions of the forms.
  @Test func theSmallestFormIsTaken() throws {
    // 1000 elements of 4 bytes: 800 zeros give 125 + 800 bytes as bitmap and 1000 as gaps; 990 zeros, one in a hundred
    // elements stored, 125 + 40 and 50.
    func weight(keeping step: Int) throws -> Weight {
      try Weight(Tensor([1000], (0..<1000).map { $0 % step == 0 ? 1.5 : 0 })).compacted()
    }
    guard case .bitmap = try weight(keeping: 5).arrangement else { throw Failure(.internal, "a bitmap was expected") }
    #expect(try weight(keeping: 5).storedByteCount == 925)
    guard case .gaps = try weight(keeping: 100).arrangement else { throw Failure(.internal, "gaps were expected") }
    #expect(try weight(keeping: 100).storedByteCount == 50)
    #expect(try weight(keeping: 1).isDense)
  }

  @Test func longRunsOfZerosUseFillers() throws {
    var values = [Float](repeating: 0, count: 3000)
    (values[255], values[1020], values[1276]) = (1, 2, 3)
    let compact = try Weight(Tensor([3000], values)).compacted()
    guard case .gaps(let gaps) = compact.arrangement else { throw Failure(.internal, "gaps were expected") }
    #expect(Array(gaps.bytes) == [255, 0, 255, 255, 254, 255, 0, 255, 255, 255, 255, 255, 255])
    #expect(try compact.decoded().floats() == values)
  }

  @Test func allZerosStaySmallAndBounded() throws {
    let dense = Weight(try Tensor(.f32, [100, 100]) { _ in })
    let compact = try dense.compacted()
    #expect(compact.storedByteCount == 39 * 5)  // 10,000 / 255 fillers of a byte and a float
    #expect(try bits(compact.decoded()) == bits(dense.decoded()))
    // Without the fillers few bytes would stand for any number of zeros.
    let none = try Tensor(.f32, [0], [Float]())
    #expect(throws: Failure.self) {
      try Weight(shape: [1 << 40], elements: .plain(none), arrangement: .gaps(try Tensor(.u8, [0], [UInt8]())))
    }
  }

  @Test(arguments: [nil, 0, 1] as [Int?])
  func codesEqualToTheirZeroPointAreLeftOut(axis: Int?) throws {
    let shape = [20, 30]
    let zeroPoints: [Int32] = axis.map { (0..<shape[$0]).map { Int32($0 % 7) } } ?? [3]
    let stride = axis == 0 ? 30 : 1
    let codes = (0..<600).map { index -> UInt8 in
      let zero = axis == nil ? 3 : index / stride % shape[axis ?? 0] % 7
      return index % 10 == 0 ? UInt8(zero + 1) : UInt8(zero)
    }
    let scales = zeroPoints.map { Float($0 + 1) }
    let quantization = try AffineQuantization(scales: scales, zeroPoints: zeroPoints, axis: axis)
    let dense = try Weight(shape: shape, elements: .affine(codes: try Tensor(.u8, shape, codes), quantization), arrangement: .dense)
    let compact = try dense.compacted()
    #expect(!compact.isDense && compact.elements.stored.count < 130)
    #expect(try bits(compact.decoded()) == bits(dense.decoded()))
    #expect(try bits(compact.expanded().elements.stored) == codes)
  }

  @Test func integersStayDense() throws {
    #expect(try Weight(Tensor(.s64, [100], [Int64](repeating: 0, count: 100))).compacted().isDense)
  }
}
