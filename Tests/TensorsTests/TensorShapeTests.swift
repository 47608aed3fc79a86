import Tensors
import Testing

@Suite struct TensorShapeTests {
  @Test(arguments: [[-1], [1 << 62, 4], [Int.max, Int.max], [0, Int.max, Int.max], [1 << 47]])
  func shapesBeyondMemoryAreRefused(_ shape: [Int]) throws {
    #expect(throws: Failure.self) { try Tensor.checkedByteCount(.f32, shape) }
    #expect(throws: Failure.self) { try Tensor(.f32, shape, [Float]()) }
    #expect(throws: Failure.self) { try Tensor([1], [0]).reshaped(shape) }
  }

  @Test func emptyTensorsAreFine() throws {
    let empty = try Tensor(.s64, [3, 0], [Int]())
    #expect(empty.byteCount == 0)
    #expect(try empty.reshaped([0, 7]).count == 0)
  }

  @Test func bytesOutsideAnIntegerTypeWrap() throws {
    #expect(try Tensor(.u8, [2], wrapping: [257, -1]).ints() == [1, 255])
    #expect(try Tensor(.s8, [2], wrapping: [128, -129]).ints() == [-128, 127])
    #expect(try Tensor(.u64, [1], wrapping: [-1]).wrappedInts() == [-1])
    #expect(throws: Failure.self) { try Tensor(.u64, [1], wrapping: [-1]).ints() }
  }

  @Test func picksElementsAndFillers() throws {
    let source = try Tensor([3], [1, 2, 3])
    #expect(try source.picking([2, -1, 0], shape: [3], filler: Tensor([], [9])).floats() == [3, 9, 1])
    #expect(try source.picking([2, -1], shape: [1, 2]).floats() == [3, 0])
  }
}
