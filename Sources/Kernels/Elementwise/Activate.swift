import KernelContract

/// `to[i] = f(from[i])`; the two may be the same.
func activateRow(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ count: Int, _ epilogue: Epilogue) {
  let a = splat8(epilogue.a)
  let b = splat8(epilogue.b)
  switch epilogue.kind {
  case .clamp: map(from, to, count) { atMost(b, atLeast(a, $0)) }
  case .leakyRelu: map(from, to, count) { leaky($0, a) }
  case .hardSigmoid: map(from, to, count) { hardSigmoid($0, a, b) }
  case .hardSwish: map(from, to, count) { $0 * hardSigmoid($0, splat8(1 / 6), splat8(0.5)) }
  case .sigmoid: map(from, to, count) { sigmoid($0) }
  case .tanh: map(from, to, count) { hyperbolicTangent($0) }
  }
}

@inline(__always)
private func leaky(_ x: Float8, _ slope: Float8) -> Float8 { x.replacing(with: x * slope, where: x .< splat8(0)) }

@inline(__always)
private func hardSigmoid(_ x: Float8, _ alpha: Float8, _ beta: Float8) -> Float8 {
  atMost(splat8(1), atLeast(splat8(0), beta.addingProduct(alpha, x)))
}

/// The activation of `rows` rows in place.
func activateRows(_ output: UnsafeMutablePointer<Float>, stride: Int, rows: Int, columns: Int, _ epilogue: Epilogue) {
  for row in 0..<rows { activateRow(output + row * stride, output + row * stride, columns, epilogue) }
}

/// Whether the activation changes nothing.
@inline(__always)
func isIdentity(_ epilogue: Epilogue) -> Bool { isClamp(epilogue) && epilogue.a == -.infinity && epilogue.b == .infinity }

/// Whether the activation is a clamp, which products apply before they write. (`==` on enumerations is generic code; a pattern is not.)
@inline(__always)
func isClamp(_ epilogue: Epilogue) -> Bool { if case .clamp = epilogue.kind { true } else { false } }

@inline(__always)
private func map(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ count: Int, _ f: (Float8) -> Float8) {
  var i = 0
  while i + 8 <= count {
    store8(f(load8(from + i)), to + i)
    i += 8
  }
  if i < count { store8(f(load8(from + i, count: count - i)), to + i, count: count - i) }
}
