import Compression
import Tensors
import Testing

@Suite struct MixedSamplesTests {
  private func images(_ count: Int, _ shape: [Int] = [1, 3, 17, 18]) throws -> Samples {
    // Every element says which sample it is of and where it was.
    let size = shape.reduce(1, *)
    return Samples(tensors: try (0..<count).map { index in [try Tensor(shape, (0..<size).map { Float(index * size + $0) })] })
  }

  @Test func meansAreOfTwoSamples() throws {
    let samples = try images(5), mixed = try MixedSamples(samples, of: [4, 1, 2], each: 2)
    #expect(mixed.count == 6)
    for position in 0..<3 {
      let found = try mixed.sample(position)[0].floats(), first = samples.tensors[[4, 1, 2][position]][0].floats()
      let other = [4, 1, 2].contains { index in
        let second = samples.tensors[index][0].floats()
        return [false, true].contains { mirrored in
          found.indices.allSatisfy { found[$0] == (first[$0] + second[mirrored ? $0 + 17 - 2 * ($0 % 18) : $0]) / 2 }
        }
      }
      #expect(other)
      #expect(try mixed.sample(position)[0].floats() == found)
    }
  }

  /// Each corner is a piece of one image: neighbours stay neighbours, in the same plane, and channels stay channels.
  @Test func mosaicsAreOfFourPieces() throws {
    let samples = try images(4), mixed = try MixedSamples(samples, of: [0, 1, 3], each: 2)
    let size = 3 * 17 * 18
    for position in 3..<6 {
      let found = try mixed.sample(position)[0].floats().map { Int($0) }
      for (rows, columns) in [(0..<8, 0..<9), (0..<8, 9..<18), (8..<17, 0..<9), (8..<17, 9..<18)] {
        let corner = found[rows.lowerBound * 18 + columns.lowerBound], step = found[rows.lowerBound * 18 + columns.lowerBound + 1] - corner
        #expect(abs(step) == 1 && corner / size != 2)
        for channel in 0..<3 {
          for row in rows {
            for column in columns {
              let wanted = corner + (channel * 17 + row - rows.lowerBound) * 18 + (column - columns.lowerBound) * step
              #expect(found[(channel * 17 + row) * 18 + column] == wanted)
            }
          }
        }
        #expect(corner % size / (17 * 18) == 0)
      }
    }
  }

  @Test func otherSamplesAreMixedOnlyOrNotAtAll() throws {
    let vectors = try MixedSamples(images(3, [2, 5]), of: [0, 1, 2], each: 3)
    #expect(vectors.count == 9)
    for position in 0..<9 { #expect(try vectors.sample(position)[0].shape == [2, 5]) }
    let integers = Samples(tensors: [[try Tensor(.s64, [2], [Int64(1), 2])], [try Tensor(.s64, [2], [Int64(3), 4])]])
    #expect(try MixedSamples(integers, of: [0, 1], each: 2).count == 0)
    #expect(try MixedSamples(images(1), of: [0], each: 2).count == 0)
    #expect(try MixedSamples(images(2), of: [0, 1], each: 0).count == 0)
    // Samples of different shapes stay as they are.
    let different = Samples(tensors: [try images(1).tensors[0], try images(1, [1, 3, 20, 16]).tensors[0]])
    let mixed = try MixedSamples(different, of: [0, 1], each: 2)
    for position in 0..<4 { #expect([[1, 3, 17, 18], [1, 3, 20, 16]].contains(try mixed.sample(position)[0].shape)) }
  }
}
