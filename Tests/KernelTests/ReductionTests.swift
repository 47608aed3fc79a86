import KernelContract
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct ReductionTests {
  /// x − max rounds once, which moves its exponential by |x − max|·u; the exponential errs by 2 ulp, the sum by n·u, the scale and the
  /// product by 2 ulp.
  @Test(arguments: [0, 1, 2, 7, 8, 9, 17, 1000], [1, 3])
  func softmax(extent: Int, inner: Int) {
    var numbers = Numbers(extent + inner)
    let outer = 3
    let values = numbers.floats(outer * extent * inner, -10...10)
    let input = GuardedBuffer(values)
    let descriptor = SoftmaxF32Descriptor(outer: outer, extent: extent, inner: inner)
    for entry in kernels(.softmaxF32) {
      let got: [Float] = output(entry, descriptor, fill: 77, count: values.count, inputs: [UnsafeMutableRawPointer(input.pointer)])
      for row in 0..<outer * inner where extent > 0 {
        let places = (0..<extent).map { (row / inner * extent + $0) * inner + row % inner }
        let top = places.map { Double(values[$0]) }.max() ?? 0
        let total = places.map { exp(Double(values[$0]) - top) }.reduce(0, +)
        for place in places {
          let exact = exp(Double(values[place]) - top) / total
          let bound = exact * 0x1p-24 * Double(2 * 20 + extent + 12)
          #expect(abs(Double(got[place]) - exact) <= bound, "\(entry.id)")
        }
      }
    }
  }

  @Test func softmaxOfGreatValuesIsFinite() {
    let input = GuardedBuffer<Float>([1e30, 1e30, -.infinity, -3e38])
    for entry in kernels(.softmaxF32) {
      let descriptor = SoftmaxF32Descriptor(outer: 1, extent: 4)
      let got: [Float] = output(entry, descriptor, fill: 77, count: 4, inputs: [UnsafeMutableRawPointer(input.pointer)])
      #expect(got == [0.5, 0.5, 0, 0])
    }
  }

  /// Sums of n terms in any order err by at most n·u·Σ|x|; the division rounds once.
  @Test(arguments: 0..<60)
  func mean(seed: Int) {
    var numbers = Numbers(seed + 40)
    let rank = numbers.int(1...5)
    let extents = (0..<rank).map { _ in numbers.pick([1, 2, 3, 5, 8, 19]) }
    let isReduced = (0..<rank).map { _ in numbers.int(0...1) == 1 }
    var strides = [Int](repeating: 1, count: rank)
    for axis in (0..<rank - 1).reversed() { strides[axis] = strides[axis + 1] * extents[axis + 1] }
    // As a transposed view: any axis may be the one whose elements are neighbours.
    let order = (0..<rank).shuffled(using: &numbers)
    let (viewExtents, viewStrides) = (order.map { extents[$0] }, order.map { strides[$0] })
    let values = numbers.floats(extents.reduce(1, *))
    guard let descriptor = ReduceMeanF32Descriptor(extents: viewExtents, strides: viewStrides, isReduced: isReduced) else {
      Issue.record("at most five dimensions must fit")
      return
    }
    let keptCount = zip(viewExtents, isReduced).reduce(1) { $0 * ($1.1 ? 1 : $1.0) }
    var sums = [Double](repeating: 0, count: keptCount)
    var sizes = sums
    for index in values.indices {
      var (rest, place, kept, step) = (index, 0, 0, 1)
      for axis in (0..<rank).reversed() {
        let i = rest % viewExtents[axis]
        rest /= viewExtents[axis]
        place += i * viewStrides[axis]
        if !isReduced[axis] {
          kept += i * step
          step *= viewExtents[axis]
        }
      }
      sums[kept] += Double(values[place])
      sizes[kept] += abs(Double(values[place]))
    }
    let count = Double(values.count / keptCount)
    let input = GuardedBuffer(values)
    for entry in kernels(.reduceMeanF32) {
      let got: [Float] = output(entry, descriptor, fill: 77, count: keptCount, inputs: [UnsafeMutableRawPointer(input.pointer)])
      for index in got.indices {
        let bound = (count + 2) * 0x1p-24 * sizes[index] / count
        #expect(abs(Double(got[index]) - sums[index] / count) <= bound, "\(entry.id) \(viewExtents) \(isReduced)")
      }
    }
  }

  /// With s = bias + alpha/size·Σ: the sum errs by (size + 3)·u, the logarithm by 3 ulp or 1e-7, its product with beta goes into the
  /// exponent.
  @Test(arguments: [1, 2, 3, 5, 8], [1, 7, 8, 19, 96])
  func localResponseNormalization(size: Int, channels: Int) {
    var numbers = Numbers(size * 100 + channels)
    let (pixels, stride) = (5, channels + 3)
    let values = numbers.floats((pixels - 1) * stride + channels, -30...30)
    let (alpha, beta, bias) = (Float(0.01), Float(0.75), Float(1.5))
    let descriptor = LRNF32Descriptor(
      pixels: pixels, channels: channels, outputStride: channels, inputStride: stride, size: size, alpha: alpha, beta: beta, bias: bias)
    let input = GuardedBuffer(values)
    for entry in kernels(.lrnF32) {
      let got: [Float] = output(entry, descriptor, fill: 77, count: pixels * channels, inputs: [UnsafeMutableRawPointer(input.pointer)])
      for pixel in 0..<pixels {
        for channel in 0..<channels {
          var sum = 0.0
          for i in max(0, channel - (size - 1) / 2)...min(channels - 1, channel + size / 2) {
            sum += Double(values[pixel * stride + i]) * Double(values[pixel * stride + i])
          }
          let s = Double(bias) + Double(alpha) / Double(size) * sum
          let exact = Double(values[pixel * stride + channel]) * pow(s, -Double(beta))
          let bound = 0x1p-24 * (Double(size + 3) + 6 * (log(s) + 1) + 8)
          #expect(abs(Double(got[pixel * channels + channel]) - exact) <= bound * abs(exact), "\(entry.id)")
        }
      }
    }
  }
}
