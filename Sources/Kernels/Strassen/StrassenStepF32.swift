import KernelContract

/// `strassen_f32`: see `StrassenF32Descriptor`. A task is a block of pairs of rows by a block of pairs of panels.
///
/// With A11 … A22 the quarters of the rows, S1 = A21 + A22, S2 = S1 − A11, S3 = A11 − A21, S4 = A12 − S2 and the weights' T1 … T4:
///
///     X = A11·B11               C11 = X + A12·B21
///     X += S2·T2                Y = X + S3·T3
///     C21 = Y + A22·T4          Z = S1·T1
///     C22 = Y + Z               C12 = (X + Z) + S4·B22
///
/// Every product adds what stands before it as its residual, so that of the 15 sums only those of S, X + Z and C22 are passes of their own.
func stepStrassenF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: StrassenF32Descriptor.self)
  let packing = d.pointee.packing
  let block = d.pointee.rowBlock
  let (depth, sumStride, half) = (d.pointee.inChannels / 2, d.pointee.sumStride, packing.half)
  let outputs = d.pointee.outChannels
  let upper = d.pointee.upperRows
  let lower = d.pointee.rows - upper

  let s1 = (scratch + d.pointee.productScratchBytes).assumingMemoryBound(to: Float.self)
  let s2 = s1 + block * sumStride
  let s3 = s2 + block * sumStride
  let s4 = s3 + block * sumStride
  let x = s4 + block * sumStride
  let y = x + block * half
  let z = y + block * half

  let zeros = d.pointee.bias + 2 * half
  // A residual is added, and the activation applied, behind everything: the products' own residual is taken.
  let last = d.pointee.hasResidual ? Epilogue.none : d.pointee.epilogue
  let (input, output) = (d.pointee.inputStride, d.pointee.outputStride)

  let panelTasks = d.pointee.panelTasks
  let rowTasks = d.pointee.rowTasks
  var task = begin
  while task < end {
    // All tasks of this call that share their rows are one: the sums of the rows are made once.
    let rowTask = task / panelTasks
    let next = min(end, (rowTask + 1) * panelTasks)
    let panel = (task - rowTask * panelTasks) * d.pointee.panelBlock
    let column = panel * 16
    let width = min(packing.panels, (next - rowTask * panelTasks) * d.pointee.panelBlock) * 16 - column
    task = next
    let left = max(0, min(width, outputs - column))
    let right = max(0, min(width, outputs - half - column))
    let parts = StrassenParts(d: d, scratch: scratch, panel: panel, stride: width)

    let image = rowTask / rowTasks
    let first = (rowTask - image * rowTasks) * block
    let place = image * d.pointee.rows + first
    let top = min(block, upper - first)
    let bottom = max(0, min(block, lower - first))
    let a11 = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self)) + place * input
    let a21 = a11 + upper * input
    let c11 = buffers[0].assumingMemoryBound(to: Float.self) + (place * output + column)
    let c21 = c11 + upper * output
    let bias = d.pointee.bias + column

    for row in 0..<top {
      let from = a11 + row * input
      let to = row * sumStride
      if row < bottom {
        sumQuarters(from, a21 + row * input, depth, s1 + to, s2 + to, s3 + to, s4 + to)
      } else {
        sumUpperQuarters(from, depth, s1 + to, s2 + to, s3 + to, s4 + to)
      }
    }
    parts.multiply(top, a11, input, 0, width, zeros, nil, x, width, .none)
    parts.multiply(top, a11 + depth, input, 1, left, bias, x, c11, output, last)
    parts.multiply(top, s2, sumStride, 5, width, zeros, x, x, width, .none)
    parts.multiply(top, s3, sumStride, 6, width, zeros, x, y, width, .none)
    parts.multiply(bottom, a21 + depth, input, 3, left, bias, y, c21, output, last)
    if right > 0 {
      parts.multiply(top, s1, sumStride, 4, width, zeros, nil, z, width, .none)
      for row in 0..<top {
        let from = row * width
        if row < bottom {
          let to = c21 + (row * output + half)
          addRows(y + from, z + from, bias + half, to, right)
          if !isIdentity(last) { activateRow(to, to, right, last) }
        }
        addRows(x + from, z + from, zeros, x + from, width)
      }
      parts.multiply(top, s4, sumStride, 2, right, bias + half, x, c11 + half, output, last)
    }
    if d.pointee.hasResidual {
      let residual = UnsafePointer(buffers[2].assumingMemoryBound(to: Float.self)) + (place * d.pointee.residualStride + column)
      let lowerResidual = residual + upper * d.pointee.residualStride
      finish(d, c11, residual, rows: top, columns: left)
      finish(d, c21, lowerResidual, rows: bottom, columns: left)
      finish(d, c11 + half, residual + half, rows: top, columns: right)
      finish(d, c21 + half, lowerResidual + half, rows: bottom, columns: right)
    }
  }
}

/// The products of a task.
private struct StrassenParts {
  let d: UnsafePointer<StrassenF32Descriptor>
  let scratch: UnsafeMutableRawPointer
  /// The first panel of each half.
  let panel: Int
  /// Floats between the rows of a product.
  let stride: Int

  /// `to = epilogue(rows · weights[part] + bias (+ residual))`; a residual's rows are as far apart as a product's.
  func multiply(
    _ rows: Int, _ from: UnsafePointer<Float>, _ fromStride: Int, _ part: Int, _ columns: Int, _ bias: UnsafePointer<Float>,
    _ residual: UnsafeMutablePointer<Float>?, _ to: UnsafeMutablePointer<Float>, _ toStride: Int, _ epilogue: Epilogue
  ) {
    if rows == 0 || columns == 0 { return }
    var descriptor = d.pointee.part(
      rowCount: rows, inputStride: fromStride, outputStride: toStride, columns: columns,
      weights: d.pointee.weights + (part * d.pointee.packing.partCount + panel * 16 * (d.pointee.inChannels / 2)), bias: bias,
      epilogue: epilogue, residualStride: residual == nil ? nil : stride)
    var buffers = (
      UnsafeMutableRawPointer(to), UnsafeMutableRawPointer(mutating: from), UnsafeMutableRawPointer(residual ?? to)
    )
    withUnsafePointer(to: &descriptor) { descriptor in
      withUnsafeMutablePointer(to: &buffers) { buffers in
        let list = UnsafeRawPointer(buffers).assumingMemoryBound(to: UnsafeMutableRawPointer.self)
        d.pointee.product(UnsafeRawPointer(descriptor), list, 0, descriptor.pointee.taskCount, scratch)
      }
    }
  }
}

/// S1 … S4 of one pair of rows.
private func sumQuarters(
  _ upper: UnsafePointer<Float>, _ lower: UnsafePointer<Float>, _ depth: Int, _ s1: UnsafeMutablePointer<Float>,
  _ s2: UnsafeMutablePointer<Float>, _ s3: UnsafeMutablePointer<Float>, _ s4: UnsafeMutablePointer<Float>
) {
  var k = 0
  while k + 8 <= depth {
    let (a11, a12, a21) = (load8(upper + k), load8(upper + (depth + k)), load8(lower + k))
    let sum = a21 + load8(lower + (depth + k))
    let rest = sum - a11
    store8(sum, s1 + k)
    store8(rest, s2 + k)
    store8(a11 - a21, s3 + k)
    store8(a12 - rest, s4 + k)
    k += 8
  }
  while k < depth {
    let sum = lower[k] + lower[depth + k]
    s1[k] = sum
    s2[k] = sum - upper[k]
    s3[k] = upper[k] - lower[k]
    s4[k] = upper[depth + k] - (sum - upper[k])
    k += 1
  }
}

/// The same where the lower row is missing.
private func sumUpperQuarters(
  _ upper: UnsafePointer<Float>, _ depth: Int, _ s1: UnsafeMutablePointer<Float>, _ s2: UnsafeMutablePointer<Float>,
  _ s3: UnsafeMutablePointer<Float>, _ s4: UnsafeMutablePointer<Float>
) {
  for k in 0..<depth {
    s1[k] = 0
    s2[k] = 0 - upper[k]
    s3[k] = upper[k]
    s4[k] = upper[depth + k] + upper[k]
  }
}

/// `to = a + b + c`, which may be one of them.
private func addRows(
  _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ count: Int
) {
  var i = 0
  while i + 8 <= count {
    store8(load8(a + i) + load8(b + i) + load8(c + i), to + i)
    i += 8
  }
  while i < count {
    to[i] = a[i] + b[i] + c[i]
    i += 1
  }
}

/// Adds the residual and applies the activation to rows that are otherwise finished.
private func finish(
  _ d: UnsafePointer<StrassenF32Descriptor>, _ output: UnsafeMutablePointer<Float>, _ residual: UnsafePointer<Float>, rows: Int,
  columns: Int
) {
  for row in 0..<rows {
    let to = output + row * d.pointee.outputStride
    let from = residual + row * d.pointee.residualStride
    var i = 0
    while i + 8 <= columns {
      store8(load8(to + i) + load8(from + i), to + i)
      i += 8
    }
    while i < columns {
      to[i] += from[i]
      i += 1
    }
    if !isIdentity(d.pointee.epilogue) { activateRow(to, to, columns, d.pointee.epilogue) }
  }
}
