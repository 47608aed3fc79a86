import KernelContract
import Testing

/// Products of a sparse matrix with vectors, against sums in double precision.
@Suite struct SparseVectorTests {
  /// What remains of a matrix.
  enum Pattern: CaseIterable {
    case nothing, fewest, few, twoOfFour, oneOfEight, blocksOfEight, blocksOfFour, aRow, everything

    func keeps(_ row: Int, _ k: Int, _ numbers: inout Numbers) -> Bool {
      // The same for all rows of a block, and for all columns of a group.
      func mixed(_ a: Int, _ b: Int) -> Int { (a &* 7919 &+ b &* 104_729) % 1009 }
      return switch self {
      case .nothing: false
      case .fewest: Int.random(in: 0..<500, using: &numbers) == 0
      case .few: Int.random(in: 0..<10, using: &numbers) == 0
      case .twoOfFour: k % 4 == mixed(row, k / 4) % 4 || k % 4 == mixed(row, k / 4) % 3
      case .oneOfEight: k % 8 == mixed(row, k / 8) % 8
      case .blocksOfEight: mixed(row / 8, k) % 5 == 0
      case .blocksOfFour: mixed(row / 4, k) % 5 == 0
      case .aRow: row == 3 || row % 40 == 11
      case .everything: true
      }
    }
  }

  private struct Problem {
    var (rows, depth, vectors) = (0, 0, 1)
    var weights: [Float] = []
    var (x, bias): ([Float], [Float]) = ([], [])
    var strides = GemmPacking.Strides(output: 1, input: 1)

    func expect(_ entry: KernelEntry, _ got: [Float]) {
      for (index, value) in got.enumerated() {
        let (vector, row) = (index / rows, index % rows)
        var (sum, size) = (Double(bias[row]), abs(Double(bias[row])))
        for k in 0..<depth {
          let weight = weights[row * strides.output + k * strides.input]
          if weight == 0 { continue }
          let term = Double(weight) * Double(x[vector * depth + k])
          sum += term
          size += abs(term)
        }
        if !sum.isFinite {
          #expect(sum.isNaN ? value.isNaN : value == (sum < 0 ? -8 : 30), "\(entry.id) \(rows)×\(depth)")
          continue
        }
        let exact = min(max(sum, -8), 30)
        // K terms in chains of at most K, then at most as many sums of chains as there are blocks of columns.
        #expect(abs(Double(value) - exact) <= Double(depth + 8) * 0x1p-24 * size, "\(entry.id) \(rows)×\(depth)")
      }
    }

    /// The product by every kernel of a family: within the bound, and the same bits.
    func check<D: SparseVectorProduct>(_ family: D.Type, _ packing: D.Packing) {
      let packed = GuardedBuffer<UInt8>(repeating: 0xFF, count: roundUp(packing.byteCount, to: 64))
      packing.pack(weights, strides, into: packed.pointer)
      #expect(packing.stored == weights.filter { $0 != 0 }.count)
      let (source, offsets) = (GuardedBuffer(x), GuardedBuffer(bias))
      let descriptor = D(
        packing: packing, vectors: vectors, weights: packed.pointer, bias: offsets.pointer, epilogue: .clamp(-8, 30))
      var bits: [UInt32]?
      for entry in kernels(D.family) {
        let got: [Float] = output(
          entry, descriptor, fill: 77, count: vectors * rows, inputs: [UnsafeMutableRawPointer(source.pointer)])
        expect(entry, got)
        #expect(bits == nil || bits == got.map(\.bitPattern), "\(entry.id) \(rows)×\(depth)")
        bits = got.map(\.bitPattern)
      }
      #expect(packed.isIntact && source.isIntact && offsets.isIntact)
    }

    func checkAll() {
      check(SparseVectorF32Descriptor.self, SparseVectorPacking(rows: rows, depth: depth, weights, strides))
      check(SparseBlocksF32Descriptor.self, SparseBlocksPacking(rows: rows, depth: depth, weights, strides))
      check(SparseLanesF32Descriptor.self, SparseLanesPacking(rows: rows, depth: depth, weights, strides))
    }
  }

  @Test(arguments: [0, 1, 7, 8, 31, 33, 64, 67, 130], [0, 1, 7, 8, 9, 15, 16, 37, 64, 300, 4100, 65_537])
  func anySizeAndPattern(rows: Int, depth: Int) {
    var numbers = Numbers(rows + depth)
    for pattern in Pattern.allCases {
      let isLarge = rows * depth > 300_000
      if isLarge && (pattern != .fewest || rows > 64) { continue }
      var problem = Problem()
      (problem.rows, problem.depth, problem.vectors) = (rows, depth, pattern == .everything || pattern == .few ? 3 : 1)
      // Every other one lies the other way round.
      let isTransposed = depth % 2 == 1
      problem.strides = isTransposed ? .init(output: 1, input: rows) : .init(output: depth, input: 1)
      problem.weights = numbers.floats(rows * depth)
      (problem.x, problem.bias) = (numbers.floats(problem.vectors * depth), numbers.floats(rows))
      for row in 0..<rows {
        for k in 0..<depth where !pattern.keeps(row, k, &numbers) {
          problem.weights[row * problem.strides.output + k * problem.strides.input] = 0
        }
      }
      problem.checkAll()
    }
  }

  /// What meets no weight is not seen, in whatever lane it lies; what meets one is, and only there.
  @Test(arguments: [Float.infinity, -.infinity, .nan], [0, 1, 6, 40, 63])
  func infinitiesAndNaN(value: Float, at: Int) {
    var numbers = Numbers(at)
    for meets in [false, true] {
      var problem = Problem()
      (problem.rows, problem.depth) = (75, 64)
      problem.strides = .init(output: 64, input: 1)
      problem.weights = numbers.floats(75 * 64)
      for row in 0..<75 {
        for k in 0..<64 {
          let isKept = k == at ? meets && row % 9 == 0 : (row * 5 + k * 3) % 7 < 2
          if !isKept { problem.weights[row * 64 + k] = 0 }
        }
      }
      (problem.x, problem.bias) = (numbers.floats(64), numbers.floats(75))
      problem.x[at] = value
      problem.checkAll()
    }
  }

  /// Patterns fill their slots: no place is wasted where every row has as many weights among eight columns, or rows share their columns.
  @Test func patternsFillTheirSlots() {
    var numbers = Numbers(7)
    for (pattern, stored) in [(Pattern.oneOfEight, 64 * 32), (.blocksOfEight, nil), (.everything, 64 * 256)] as [(Pattern, Int?)] {
      var weights = [Float](repeating: 0, count: 64 * 256)
      for row in 0..<64 {
        for k in 0..<256 where pattern.keeps(row, k, &numbers) { weights[row * 256 + k] = 1 }
      }
      let packing = SparseLanesPacking(rows: 64, depth: 256, weights, .init(output: 256, input: 1))
      #expect(packing.slots * 8 == packing.stored && (stored ?? packing.stored) == packing.stored)
    }
  }

  /// Rows of like counts go together where that leaves fewer places empty.
  @Test func rowsAreOrderedByTheirWeights() {
    var weights = [Float](repeating: 0, count: 64 * 64)
    for row in 0..<64 {
      for k in 0..<64 where row % 8 == 0 || k % 32 == 5 { weights[row * 64 + k] = 1 }
    }
    let packing = SparseLanesPacking(rows: 64, depth: 64, weights, .init(output: 64, input: 1))
    #expect(packing.stored == 8 * 64 + 56 * 2 && packing.slots == 64 + 7 * 2)
  }
}
