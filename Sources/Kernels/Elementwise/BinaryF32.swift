import KernelContract

/// `binary_f32_1x8`: see `BinaryF32Descriptor`. Rows whose operands have innermost stride 1 or 0 go by vectors, others one by one.
func stepBinaryF32(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: BinaryF32Descriptor.self)
  let output = buffers[0].assumingMemoryBound(to: Float.self)
  let left = UnsafePointer(buffers[1].assumingMemoryBound(to: Float.self))
  let right = UnsafePointer(buffers[2].assumingMemoryBound(to: Float.self))
  let extents = d.pointee.extents
  let (outputStep, leftStep, rightStep) = (
    d.pointee.outputStrides.innermost, d.pointee.leftStrides.innermost, d.pointee.rightStrides.innermost
  )
  let isIdentity = isIdentity(d.pointee.epilogue)
  forEachPiece(rows(of: extents), begin, end) { row, first, count in
    let to = output + (offset(ofRow: row, extents, d.pointee.outputStrides) + first * outputStep)
    let a = Operand(left + (offset(ofRow: row, extents, d.pointee.leftStrides) + first * leftStep), leftStep)
    let b = Operand(right + (offset(ofRow: row, extents, d.pointee.rightStrides) + first * rightStep), rightStep)
    if outputStep == 1 || count == 1 {
      combineRow(d.pointee.operation, a, b, to, count)
      if !isIdentity { activateRow(to, to, count, d.pointee.epilogue) }
    } else {
      for i in 0..<count {
        let to = to + i * outputStep
        combineRow(d.pointee.operation, Operand(a.base + i * leftStep, 0), Operand(b.base + i * rightStep, 0), to, 1)
        if !isIdentity { activateRow(to, to, 1, d.pointee.epilogue) }
      }
    }
  }
}

/// A row of an operand, `step` elements apart.
private struct Operand {
  var base: UnsafePointer<Float>
  var step: Int

  @inline(__always)
  init(_ base: UnsafePointer<Float>, _ step: Int) {
    self.base = base
    self.step = step
  }
}

@inline(never)
private func combineRow(_ operation: BinaryOperation, _ a: Operand, _ b: Operand, _ to: UnsafeMutablePointer<Float>, _ count: Int) {
  switch operation {
  case .add: combine(a, b, to, count) { $0 + $1 }
  case .sub: combine(a, b, to, count) { $0 - $1 }
  case .mul: combine(a, b, to, count) { $0 * $1 }
  case .div: combine(a, b, to, count) { $0 / $1 }
  }
}

@inline(__always)
private func combine(
  _ a: Operand, _ b: Operand, _ to: UnsafeMutablePointer<Float>, _ count: Int, _ f: (Float8, Float8) -> Float8
) {
  if a.step == 1 && b.step == 1 {
    sweep(
      to, count, f, { load8(a.base + $0) }, { load8(b.base + $0) }, { load8(a.base + $0, count: $1) }, { load8(b.base + $0, count: $1) })
  } else if a.step == 1 && b.step == 0 {
    let y = splat8(b.base[0])
    sweep(to, count, f, { load8(a.base + $0) }, { _ in y }, { load8(a.base + $0, count: $1) }, { _, _ in y })
  } else if a.step == 0 && b.step == 1 {
    let x = splat8(a.base[0])
    sweep(to, count, f, { _ in x }, { load8(b.base + $0) }, { _, _ in x }, { load8(b.base + $0, count: $1) })
  } else {
    for i in 0..<count { to[i] = f(splat8(a.base[i * a.step]), splat8(b.base[i * b.step]))[0] }
  }
}

/// Whole vectors, then the rest.
@inline(__always)
private func sweep(
  _ to: UnsafeMutablePointer<Float>, _ count: Int, _ f: (Float8, Float8) -> Float8, _ a: (Int) -> Float8, _ b: (Int) -> Float8,
  _ partA: (Int, Int) -> Float8, _ partB: (Int, Int) -> Float8
) {
  var i = 0
  while i + 8 <= count {
    store8(f(a(i), b(i)), to + i)
    i += 8
  }
  if i < count { store8(f(partA(i, count - i), partB(i, count - i)), to + i, count: count - i) }
}
