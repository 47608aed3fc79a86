import KernelContract
import Testing

/// Run-time and sparse products against sums in Double; tolerance as for the constant products, (K + 8)·u·Σ|terms|.
@Suite struct ProductTests {
  @Test(arguments: 0..<60)
  func matMul(seed: Int) throws {
    var numbers = Numbers(seed + 11)
    let sizes = [1, 2, 5, 6, 7, 13, 16, 17, 33, 70]
    let (rows, columns, depth) = (numbers.pick(sizes + [0]), numbers.pick(sizes), numbers.pick(sizes + [0]))
    let (flipsLeft, flipsRight) = (numbers.pick([false, true]), numbers.pick([false, true]))
    let batch = numbers.pick([1, 1, 3])
    let shares = numbers.pick([false, true])
    let left = numbers.floats(batch * rows * depth)
    let right = numbers.floats((shares ? 1 : batch) * depth * columns)
    let descriptor = try #require(
      MatMulF32Descriptor(
        rows: rows, columns: columns, depth: depth, transposesLeft: flipsLeft, transposesRight: flipsRight, batchExtents: [batch],
        outputBatchStrides: [rows * columns], leftBatchStrides: [rows * depth], rightBatchStrides: [shares ? 0 : depth * columns],
        epilogue: .relu))
    let (a, b) = (GuardedBuffer(left), GuardedBuffer(right))
    for entry in kernels(.matMulF32) {
      let got: [Float] = output(
        entry, descriptor, fill: 77, count: batch * rows * columns,
        inputs: [UnsafeMutableRawPointer(a.pointer), UnsafeMutableRawPointer(b.pointer)])
      for index in got.indices {
        let (n, i, j) = (index / (rows * columns), index / columns % rows, index % columns)
        var (sum, size) = (0.0, 0.0)
        for k in 0..<depth {
          let x = Double(left[n * rows * depth + (flipsLeft ? k * rows + i : i * depth + k)])
          let y = Double(right[(shares ? 0 : n * depth * columns) + (flipsRight ? j * depth + k : k * columns + j)])
          sum += x * y
          size += abs(x * y)
        }
        let bound = Double(depth + 8) * 0x1p-24 * size
        #expect(abs(Double(got[index]) - max(sum, 0)) <= bound, "\(entry.id) \(rows)×\(depth)×\(columns)")
      }
    }
  }

  @Test(arguments: [0, 1, 7, 63, 64, 65, 130], [1, 2, 7, 8, 15, 16, 24, 31, 32, 33, 71])
  func sparse(rows: Int, columns: Int) {
    var numbers = Numbers(rows * 100 + columns)
    for (depth, density) in [(1, 1.0), (37, 0.0), (37, 0.1), (150, 0.3)] {
      var (values, indices, starts) = ([Float](), [UInt32](), [UInt32(0)])
      for _ in 0..<rows {
        for k in 0..<depth where Double.random(in: 0..<1, using: &numbers) < density {
          values.append(Float.random(in: -1...1, using: &numbers))
          indices.append(UInt32(k))
        }
        starts.append(UInt32(values.count))
      }
      let right = numbers.floats(depth * columns)
      let bias = numbers.floats(rows)
      let (v, c, s, b) = (GuardedBuffer(values), GuardedBuffer(indices), GuardedBuffer(starts), GuardedBuffer(bias))
      // Row-major on both sides, and a batch of vectors on both sides.
      for isBatch in [false, true] {
        var descriptor = SpmmF32Descriptor(
          rows: rows, columns: columns, depth: depth, values: v.pointer, columnIndices: c.pointer, rowStarts: s.pointer, bias: b.pointer,
          epilogue: .clamp(-0.4, 3))
        if isBatch {
          (descriptor.rightRowStride, descriptor.rightColumnStride) = (1, depth)
          (descriptor.outputRowStride, descriptor.outputColumnStride) = (1, rows)
        }
        let source = GuardedBuffer(right)
        for entry in kernels(.spmmF32) {
          let got: [Float] = output(entry, descriptor, fill: 77, count: rows * columns, inputs: [UnsafeMutableRawPointer(source.pointer)])
          for i in 0..<rows {
            for j in 0..<columns {
              var (sum, size) = (Double(bias[i]), abs(Double(bias[i])))
              for element in Int(starts[i])..<Int(starts[i + 1]) {
                let k = Int(indices[element])
                let product = Double(values[element]) * Double(right[isBatch ? j * depth + k : k * columns + j])
                sum += product
                size += abs(product)
              }
              let value = Double(got[isBatch ? j * rows + i : i * columns + j])
              let exact = min(max(sum, Double(Float(-0.4))), 3)
              #expect(abs(value - exact) <= Double(depth + 8) * 0x1p-24 * size, "\(entry.id)")
            }
          }
        }
      }
    }
  }
}
