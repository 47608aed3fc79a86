#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The peak of one core in f32, measured with ten independent chains of fused multiply-adds.
func measurePeak() -> Double {
  var best = 0.0
  for _ in 0..<9 {
    let rounds = 500_000
    var sum: Float = 0
    let seconds = time { sum = chains(rounds) }
    if sum.isNaN { print("the chains diverged") }
    best = max(best, Double(rounds) * 160 / seconds / 1e9)
  }
  return best
}

@inline(never)
private func chains(_ rounds: Int) -> Float {
  let x = SIMD8<Float>(repeating: 0.999_999)
  let y = SIMD8<Float>(repeating: 1e-6)
  var a = y
  var b = y
  var c = y
  var d = y
  var e = y
  var f = y
  var g = y
  var h = y
  var i = y
  var j = y
  for _ in 0..<rounds {
    a = y.addingProduct(a, x)
    b = y.addingProduct(b, x)
    c = y.addingProduct(c, x)
    d = y.addingProduct(d, x)
    e = y.addingProduct(e, x)
    f = y.addingProduct(f, x)
    g = y.addingProduct(g, x)
    h = y.addingProduct(h, x)
    i = y.addingProduct(i, x)
    j = y.addingProduct(j, x)
  }
  return (((a + b) + (c + d)) + ((e + f) + (g + h)) + (i + j)).sum()
}

/// Seconds of this thread in one call: what other programs take meanwhile does not count.
func time(_ body: () -> Void) -> Double {
  let start = threadSeconds()
  body()
  return threadSeconds() - start
}

private func threadSeconds() -> Double {
  var now = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
  return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
}

/// Seconds of one call: the best of several runs that last about `budget` seconds in all, each of calls enough for the clock to see.
func bestTime(budget: Double = 0.15, _ body: () -> Void) -> Double {
  body()
  var calls = 1
  while calls < 1_000_000, time({ for _ in 0..<calls { body() } }) < 1e-4 { calls *= 2 }
  var best = Double.infinity
  var spent = 0.0
  var runs = 0
  while spent < budget || runs < 3 {
    let seconds = time { for _ in 0..<calls { body() } }
    best = min(best, seconds / Double(calls))
    spent += max(seconds, 1e-6)
    runs += 1
  }
  return best
}
