import KernelContract

/// What a kernel does to its sums as it writes them, where that is more than a clamp: a leaky ReLU or a clamp, then a
/// factor and a shift for each column.
struct Finish {
  /// Whether the activation is a leaky ReLU of slope `slope`, or a clamp.
  var leaks = false
  var slope: Float = 1
  var low: Float = -.infinity
  var high: Float = .infinity
  /// Of the first column at hand; nil: none.
  var factors: UnsafePointer<Float>?
  var shifts: UnsafePointer<Float>?

  /// Columns `column` … `column` + 7.
  @inline(__always)
  func apply(_ sum: Float8, _ column: Int) -> Float8 {
    let value = bounded(sum)
    guard let factors, let shifts else { return value }
    return load8(shifts + column).addingProduct(value, load8(factors + column))
  }

  @inline(__always)
  private func bounded(_ sum: Float8) -> Float8 {
    leaks
      ? sum.replacing(with: sum * splat8(slope), where: sum .< splat8(0)) : atMost(splat8(high), atLeast(splat8(low), sum))
  }
}

extension Finish {
  /// - Parameters:
  ///   - affine: `columnCount` factors, then as many shifts; nil where there are none.
  init(_ epilogue: Epilogue, affine: UnsafePointer<Float>?, columnCount: Int) {
    if case .leakyRelu = epilogue.kind {
      leaks = true
      slope = epilogue.a
    } else if isClamp(epilogue) {
      low = epilogue.a
      high = epilogue.b
    }
    factors = affine
    shifts = affine.map { $0 + columnCount }
  }
}

/// Rows that were just written, while they are in the first-level cache; the columns' factors are padded to 16.
@inline(never)
func finishRows(_ output: UnsafeMutablePointer<Float>, stride: Int, rows: Int, columns: Int, _ finish: Finish) {
  var row = output
  for _ in 0..<rows {
    var c = 0
    while c + depthwiseLanes <= columns {
      UnsafeMutableRawPointer(row + c).storeBytes(of: finishDepthwise(finish, loadDepthwise(row + c), c), as: DepthwiseVector.self)
      c += depthwiseLanes
    }
    while c < columns {
      let count = min(8, columns - c)
      if count == 8 {
        store8(finish.apply(load8(row + c), c), row + c)
      } else {
        store8(finish.apply(load8(row + c, count: count), c), row + c, count: count)
      }
      c += 8
    }
    row += stride
  }
}

/// Whether `Finish` can say what an epilogue does: a clamp alone needs none, and a residual excludes it.
@inline(__always)
func finishes(_ epilogue: Epilogue, affine: UnsafePointer<Float>?, hasResidual: Bool) -> Bool {
  if hasResidual { return false }
  if case .leakyRelu = epilogue.kind { return true }
  return affine != nil
}
