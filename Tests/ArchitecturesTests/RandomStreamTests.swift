import Architectures
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite struct RandomStreamTests {
  @Test func theLogarithmIsOne() {
    for step in 1...1000 {
      let x = Double(step) * 0x1p-10
      for value in [x, x * 0x1p-23] {
        // The series is cut at s¹⁵ with |s| ≤ 0.172: 2·0.172¹⁵/15 < 1e-12.
        #expect(abs(RandomStream.logarithm(value) - log(value)) <= 2e-12)
      }
    }
  }

  @Test func theAngleFunctionsAreThose() {
    for step in -1000...1000 {
      let a = Double(step) / 1000 * Double.pi / 4
      let (sine, cosine) = RandomStream.sineAndCosine(a)
      // The first terms left out: (π/4)¹³/13! < 7e-12.
      #expect(abs(sine - sin(a)) <= 1e-11 && abs(cosine - cos(a)) <= 1e-11)
    }
  }

  @Test func theMomentsAreThoseOfTheDistributions() {
    let random = RandomStream(seed: 1, stream: 2), count = 200_000
    var mean = 0.0, square = 0.0, fourth = 0.0, product = 0.0, uniform = 0.0, largest = 0.0
    for index in 0..<count {
      let (a, b) = random.normals(index), u = random.uniform(index)
      mean += a + b
      square += a * a + b * b
      fourth += a * a * a * a + b * b * b * b
      product += a * b
      uniform += u * u
      largest = max(largest, abs(a), abs(b))
      #expect(u >= -1 && u < 1)
    }
    // Five standard errors of each estimate: the variances are 1, 2 and 96 for the moments, 1 for the product, 4/45 for u².
    let pairs = Double(count), all = 2 * pairs
    #expect(abs(mean / all) <= 5 / all.squareRoot())
    #expect(abs(square / all - 1) <= 5 * (2 / all).squareRoot())
    #expect(abs(fourth / all - 3) <= 5 * (96 / all).squareRoot())
    #expect(abs(product / pairs) <= 5 / pairs.squareRoot())
    #expect(abs(uniform / pairs - 1 / 3.0) <= 5 * (4 / 45 / pairs).squareRoot())
    #expect(largest > 4 && largest < 6.8)
  }

  @Test func seedsAndStreamsDiffer() {
    let first = RandomStream(seed: 0, stream: 0).normals(0)
    #expect(RandomStream(seed: 0, stream: 0).normals(0) == first)
    for other in [RandomStream(seed: 1, stream: 0), RandomStream(seed: 0, stream: 1), RandomStream(seed: .max, stream: 0)] {
      #expect(other.normals(0) != first)
    }
  }
}
