import KernelContract
import Testing

/// Units in the last place of `exact`'s float between it and `got`; 0 for two NaNs or equal infinities.
func ulps(_ got: Float, _ exact: Double) -> Double {
  if got.isNaN || exact.isNaN { return got.isNaN && exact.isNaN ? 0 : .infinity }
  let rounded = Float(exact)
  if rounded.isInfinite || got.isInfinite { return rounded == got ? 0 : .infinity }
  return abs(Double(got) - exact) / Double(rounded.magnitude.ulp)
}

@Suite struct ElementwiseTests {
  private func apply(_ epilogue: Epilogue, _ values: [Float], rows: Int = 1, stride: Int = 0) -> [[Float]] {
    let input = GuardedBuffer(values)
    let descriptor = UnaryF32Descriptor(
      rows: Rows(count: rows, width: rows == 1 ? values.count : values.count / rows), outputStride: stride,
      inputStride: values.count / rows,
      epilogue: epilogue)
    return kernels(.unaryF32).map {
      output(
        $0, descriptor, fill: 77, count: rows == 1 ? values.count : (rows - 1) * stride + values.count / rows,
        inputs: [UnsafeMutableRawPointer(input.pointer)])
    }
  }

  /// Each function's documented bound; what is subnormal may be 0.
  @Test(arguments: [(Epilogue.sigmoid, 4.0), (.tanh, 4), (.none, 0), (.relu, 0), (.clamp(-2, 3), 0), (.leakyRelu(0.3), 0.5)])
  func accuracy(epilogue: Epilogue, bound: Double) {
    var values: [Float] = stride(from: -110, through: 110, by: 0.0037).map { Float($0) }
    values += stride(from: -20, through: 20, by: 0.00031).map { Float($0) }
    values += (1...140).map { Float(sign: .plus, exponent: -$0, significand: 1.37) }
    values += (1...140).map { Float(sign: .minus, exponent: -$0, significand: 1.11) }
    values += [0, -0.0, .infinity, -.infinity, .nan, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude]
    for got in apply(epilogue, values) {
      var worst = 0.0
      for (x, y) in zip(values, got) {
        let exact = epilogue.exact(Double(x))
        if case .clamp = epilogue.kind, x.isNaN {
          #expect(y.isNaN, "a clamp keeps NaN")
          continue
        }
        if abs(exact) < Double(Float.leastNormalMagnitude) {
          #expect(abs(Double(y) - exact) < Double(Float.leastNormalMagnitude))
        } else {
          worst = max(worst, ulps(y, exact))
        }
      }
      #expect(worst <= bound, "\(epilogue)")
    }
  }

  /// The polynomials have small terms that cancel: their error is measured against the slope, 4·u·(|a·x| + |b|) with u = 2⁻²⁴.
  @Test(arguments: [Epilogue.hardSwish, .hardSigmoid(alpha: 0.2, beta: 0.5), .hardSigmoid(alpha: 1 / 6, beta: 0.5)])
  func hardFunctions(epilogue: Epilogue) {
    let values: [Float] = stride(from: -8, through: 8, by: 0.0013).map { Float($0) }
    for got in apply(epilogue, values) {
      for (x, y) in zip(values, got) {
        let error = abs(Double(y) - epilogue.exact(Double(x)))
        let bound = 6 * 0x1p-24 * (Double(x.magnitude) + 1)
        #expect(error <= bound)
      }
    }
  }

  @Test(arguments: [0, 1, 7, 8, 9, 17, 16_384, 16_385, 40_000])
  func lengths(count: Int) {
    var numbers = Numbers(count)
    let values = numbers.floats(count)
    for got in apply(.relu, values) { #expect(got == values.map { max($0, 0) }) }
  }

  @Test func rowsKeepTheirDistance() {
    var numbers = Numbers(3)
    let values = numbers.floats(5 * 11)
    for got in apply(.clamp(-0.5, 0.5), values, rows: 5, stride: 13) {
      for row in 0..<5 {
        for column in 0..<11 { #expect(got[row * 13 + column] == min(max(values[row * 11 + column], -0.5), 0.5)) }
        if row < 4 { #expect(got[row * 13 + 11] == 77 && got[row * 13 + 12] == 77) }
      }
    }
  }

  @Test(arguments: 0..<60)
  func binaryWithBroadcasting(seed: Int) {
    var numbers = Numbers(seed + 70)
    let rank = numbers.int(0...5)
    let extents = (0..<rank).map { _ in numbers.pick([1, 2, 3, 5, 8, 17]) }
    func operand() -> (strides: [Int], count: Int) {
      let kept = extents.map { _ in numbers.int(0...2) > 0 }
      var strides = [Int](repeating: 0, count: rank)
      var size = 1
      for axis in (0..<rank).reversed() where kept[axis] {
        strides[axis] = size
        size *= extents[axis]
      }
      return (strides, size)
    }
    var dense = [Int](repeating: 1, count: rank)
    for axis in (0..<max(0, rank - 1)).reversed() { dense[axis] = dense[axis + 1] * extents[axis + 1] }
    let (a, b) = (operand(), operand())
    let left = numbers.floats(a.count)
    let right = numbers.floats(b.count, 0.5...2)
    let total = extents.reduce(1, *)
    let operation = numbers.pick([BinaryOperation.add, .sub, .mul, .div])
    let epilogue = numbers.pick([Epilogue.none, .relu, .clamp(-0.5, 0.5)])
    guard
      let descriptor = BinaryF32Descriptor(
        operation, extents: extents, outputStrides: dense, leftStrides: a.strides, rightStrides: b.strides, epilogue: epilogue)
    else {
      Issue.record("at most five dimensions must fit")
      return
    }
    var wanted: [Float] = []
    for index in 0..<total {
      var (rest, x, y) = (index, 0, 0)
      for axis in (0..<rank).reversed() {
        x += rest % extents[axis] * a.strides[axis]
        y += rest % extents[axis] * b.strides[axis]
        rest /= extents[axis]
      }
      let value =
        switch operation {
        case .add: left[x] + right[y]
        case .sub: left[x] - right[y]
        case .mul: left[x] * right[y]
        case .div: left[x] / right[y]
        }
      wanted.append(min(max(value, epilogue.a), epilogue.b))
    }
    let (first, second) = (GuardedBuffer(left), GuardedBuffer(right))
    for entry in kernels(.binaryF32) {
      let got: [Float] = output(
        entry, descriptor, fill: 77, count: total,
        inputs: [UnsafeMutableRawPointer(first.pointer), UnsafeMutableRawPointer(second.pointer)])
      #expect(got == wanted, "\(entry.id) \(operation) \(extents) \(a.strides) \(b.strides)")
    }
  }

  @Test(arguments: [0, 1, 7, 8, 19, 64], [1, 3])
  func scaleAndShift(channels: Int, rows: Int) {
    var numbers = Numbers(channels)
    let (scale, shift) = (GuardedBuffer(numbers.floats(channels)), GuardedBuffer(numbers.floats(channels)))
    let stride = channels + 2
    let values = numbers.floats(max(0, channels == 0 ? 0 : (rows - 1) * stride + channels))
    let input = GuardedBuffer(values)
    let descriptor = ScaleShiftF32Descriptor(
      rowCount: rows, channels: channels, outputStride: channels, inputStride: stride, scale: scale.pointer, shift: shift.pointer,
      epilogue: .relu)
    for entry in kernels(.scaleShiftF32) {
      let got: [Float] = output(entry, descriptor, fill: 77, count: rows * channels, inputs: [UnsafeMutableRawPointer(input.pointer)])
      for index in got.indices {
        let channel = index % channels
        let exact = shift.pointer[channel].addingProduct(values[index / channels * stride + channel], scale.pointer[channel])
        #expect(got[index] == max(exact, 0))
      }
    }
  }
}
