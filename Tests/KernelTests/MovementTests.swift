import KernelContract
import Testing

/// Movements of data, exactly, for every element size.
@Suite struct MovementTests {
  private func check<D: StepDescriptor, T: FixedWidthInteger & BitwiseCopyable>(
    _ descriptor: D, _ type: T.Type, input: [T], wanted: [T], more: [UnsafeMutableRawPointer] = [],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for entry in kernels(D.family) {
      for placement in GuardedBuffer<T>.Placement.allCases {
        let source = GuardedBuffer(input, placement)
        let got: [T] = output(
          entry, descriptor, fill: 77, count: wanted.count, inputs: [UnsafeMutableRawPointer(source.pointer)] + more,
          sourceLocation: sourceLocation)
        #expect(got == wanted, "\(entry.id) \(descriptor)", sourceLocation: sourceLocation)
      }
    }
  }

  private func numbered<T: FixedWidthInteger>(_ count: Int, _ type: T.Type) -> [T] {
    (0..<count).map { T(truncatingIfNeeded: $0 &* 2_654_435_761 &+ 12345) }
  }

  private func transpose<T: FixedWidthInteger & BitwiseCopyable>(_ rows: Int, _ columns: Int, _ type: T.Type) {
    let (batch, inputStride, outputStride) = (2, columns + 3, rows + 2)
    let input = numbered(max(0, batch * rows * inputStride), type)
    var wanted = [T](repeating: 77, count: batch * columns * outputStride)
    for b in 0..<batch {
      for r in 0..<rows {
        for c in 0..<columns { wanted[(b * columns + c) * outputStride + r] = input[(b * rows + r) * inputStride + c] }
      }
    }
    let descriptor = TransposeDescriptor(
      elementBytes: MemoryLayout<T>.size, batch: batch, rows: rows, columns: columns, inputRowStride: inputStride,
      outputRowStride: outputStride)
    check(descriptor, type, input: input, wanted: wanted)
  }

  @Test(arguments: [0, 1, 3, 7, 8, 9, 19, 32], [0, 1, 7, 8, 9, 16, 17, 65])
  func transposes(rows: Int, columns: Int) {
    transpose(rows, columns, UInt8.self)
    transpose(rows, columns, UInt16.self)
    transpose(rows, columns, UInt32.self)
    transpose(rows, columns, UInt64.self)
  }

  @Test func transposesOfManyTasks() { transpose(40, 1000, UInt32.self) }

  private func copy<T: FixedWidthInteger & BitwiseCopyable>(_ numbers: inout Numbers, _ type: T.Type) {
    let rank = numbers.int(0...6)
    let extents = (0..<rank).map { _ in numbers.pick([1, 2, 3, 4, 9]) }
    let inputExtents = extents.map { $0 + numbers.pick([0, 0, 1]) }
    let order = Array(0..<rank).shuffled(using: &numbers)
    var inputStrides = [Int](repeating: 0, count: rank)
    var size = 1
    for axis in numbers.int(0...1) == 0 ? order : Array((0..<rank).reversed()) {
      inputStrides[axis] = size
      size *= inputExtents[axis]
    }
    var first = 0
    for axis in 0..<rank {
      switch numbers.int(0...7) {
      case 0: inputStrides[axis] = 0
      case 1:
        first += inputStrides[axis] * (extents[axis] - 1)
        inputStrides[axis] = -inputStrides[axis]
      default: break
      }
    }
    var outputStrides = [Int](repeating: 0, count: rank)
    var outputSize = 1
    for axis in (0..<rank).reversed() {
      outputStrides[axis] = outputSize
      outputSize *= extents[axis] + numbers.pick([0, 0, 2])
    }
    let input = numbered(size, type)
    var wanted = [T](repeating: 77, count: outputSize)
    for index in 0..<extents.reduce(1, *) {
      var (rest, from, to) = (index, first, 0)
      for axis in (0..<rank).reversed() {
        from += rest % extents[axis] * inputStrides[axis]
        to += rest % extents[axis] * outputStrides[axis]
        rest /= extents[axis]
      }
      wanted[to] = input[from]
    }
    guard
      let descriptor = CopyDescriptor(
        elementBytes: MemoryLayout<T>.size, extents: extents, outputStrides: outputStrides, inputStrides: inputStrides)
    else {
      Issue.record("six dimensions must fit")
      return
    }
    for entry in kernels(.copy) {
      let source = GuardedBuffer(input)
      let got: [T] = output(entry, descriptor, fill: 77, count: outputSize, inputs: [UnsafeMutableRawPointer(source.pointer + first)])
      #expect(got == wanted, "\(entry.id) \(extents) \(inputStrides) \(outputStrides)")
    }
  }

  @Test(arguments: 0..<60)
  func copies(seed: Int) {
    var numbers = Numbers(seed + 600)
    copy(&numbers, UInt8.self)
    copy(&numbers, UInt16.self)
    copy(&numbers, UInt32.self)
    copy(&numbers, UInt64.self)
  }

  /// Three dimensions, described without arrays, do the same as with them: whole lines that join and parts of lines that do not.
  @Test(arguments: [(1, 4, 6, 6), (3, 4, 6, 6), (3, 4, 5, 6), (2, 1, 6, 6), (3, 0, 6, 6), (4, 5, 1, 1), (4, 5, 1, 3)])
  func copiesOfThreeDimensions(planes: Int, rows: Int, columns: Int, width: Int) throws {
    let input = numbered(planes * rows * width, UInt32.self)
    let (extents, strides) = ((planes, rows, columns), (rows * width, width, 1))
    let short = CopyDescriptor(elementBytes: 4, extents: extents, outputStrides: strides, inputStrides: strides)
    let listed = try #require(
      CopyDescriptor(
        elementBytes: 4, extents: [planes, rows, columns], outputStrides: [strides.0, strides.1, 1],
        inputStrides: [strides.0, strides.1, 1]))
    var wanted = [UInt32](repeating: 77, count: input.count)
    for index in wanted.indices where index % width < columns { wanted[index] = input[index] }
    check(short, UInt32.self, input: input, wanted: wanted)
    check(listed, UInt32.self, input: input, wanted: wanted)
  }

  @Test(arguments: [0, 1, 63, 16_384, 16_385, 40_001])
  func longCopies(count: Int) throws {
    let input = numbered(count, UInt32.self)
    let descriptor = try #require(CopyDescriptor(elementBytes: 4, extents: [count], outputStrides: [1], inputStrides: [1]))
    check(descriptor, UInt32.self, input: input, wanted: input)
  }

  @Test func sevenDimensionsThatCannotBeJoinedAreRefused() {
    let strides = [1, 4, 16, 64, 256, 1024, 4096]
    #expect(
      CopyDescriptor(elementBytes: 4, extents: [2, 2, 2, 2, 2, 2, 2], outputStrides: strides, inputStrides: strides.reversed()) == nil)
  }

  @Test(arguments: [1, 2, 4, 8])
  func fill(bytes: Int) {
    let descriptor = FillDescriptor(elementBytes: bytes, rows: Rows(count: 3, width: 5), outputStride: 7, bits: 0x0102_0304_0506_0708)
    for entry in kernels(.fill) {
      let got: [UInt8] = output(entry, descriptor, fill: 77, count: (2 * 7 + 5) * bytes, inputs: [])
      for index in got.indices {
        let wanted = index / bytes % 7 < 5 ? UInt8(truncatingIfNeeded: 0x0102_0304_0506_0708 >> (8 * (index % bytes))) : 77
        #expect(got[index] == wanted)
      }
    }
  }

  @Test(arguments: [1, 4, 17, 300])
  func gather(inner: Int) {
    let (outer, extent) = (3, 5)
    let indices = [0, 4, -1, -5, 2, 2, 5, -6, Int.min, Int.max]
    let input = numbered(outer * extent * inner, UInt8.self)
    var wanted: [UInt8] = []
    for o in 0..<outer {
      for index in indices {
        let i = index < 0 && index >= -extent ? index + extent : index
        wanted += (0..<inner).map { (0..<extent).contains(i) ? input[(o * extent + i) * inner + $0] : 0 }
      }
    }
    let wide = GuardedBuffer(indices.map(Int64.init))
    check(
      GatherDescriptor(outer: outer, extent: extent, innerBytes: inner, indexCount: indices.count), UInt8.self, input: input,
      wanted: wanted,
      more: [UnsafeMutableRawPointer(wide.pointer)])
    let narrow = GuardedBuffer(indices.map { Int32(clamping: $0) })
    check(
      GatherDescriptor(outer: outer, extent: extent, innerBytes: inner, indexCount: indices.count, narrowIndices: true), UInt8.self,
      input: input,
      wanted: wanted, more: [UnsafeMutableRawPointer(narrow.pointer)])
  }

  private func shuffle<T: FixedWidthInteger & BitwiseCopyable>(_ groups: Int, _ size: Int, _ type: T.Type) {
    let (pixels, inputStride, outputStride) = (3, groups * size + 1, groups * size + 2)
    let input = numbered((pixels - 1) * inputStride + groups * size, type)
    var wanted = [T](repeating: 77, count: (pixels - 1) * outputStride + groups * size)
    for pixel in 0..<pixels {
      for g in 0..<groups {
        for c in 0..<size { wanted[pixel * outputStride + c * groups + g] = input[pixel * inputStride + g * size + c] }
      }
    }
    check(
      ChannelShuffleDescriptor(
        elementBytes: MemoryLayout<T>.size, pixels: pixels, groups: groups, groupSize: size, outputStride: outputStride,
        inputStride: inputStride),
      type, input: input, wanted: wanted)
  }

  @Test(arguments: [1, 2, 3, 4, 8], [1, 7, 16, 29, 58])
  func channelShuffle(groups: Int, size: Int) {
    shuffle(groups, size, UInt8.self)
    shuffle(groups, size, UInt32.self)
  }
}
