import KernelContract

/// What a chain of steps costs by bands, above the work of the steps themselves, and what it saves; in nanoseconds on one core.
///
/// The constants are from `KernelBenchmarks bands`, which runs chains by bands of several heights and whole.
struct BandCost {
  let machine: Machine
  let threads: Int

  /// A byte of a tensor between two steps that has left the second-level cache when it is read: written, fetched, and evicted again.
  static let spilledByte = 0.005
  /// A stage in a band: finding its lines, calling its kernel, and what tiles lose at the band's end.
  static let stage = 250.0
  /// A byte of a line moved to the front of its buffer.
  static let movedByte = 0.012
  /// The part of a task by which the last thread ends later than the others.
  static let lateness = 0.25
  /// A multiply-accumulate.
  static let mac = 0.02
  /// What a chain must save at least: less than that is not known.
  static let least = 3000.0
  /// The part of the second-level cache that a band's buffers, weights, input and output may fill.
  static let cacheShare = 0.6

  /// A way to run a chain.
  struct Plan {
    var bandLines: Int
    var stripes: Int
    /// Above the work of the steps.
    var nanoseconds: Double
  }

  /// What the tensor behind `step` costs for lying in memory between two steps.
  func spill(_ step: any BandStep) -> Double {
    let g = step.geometry
    let bytes = 4 * Double(g.outputPixels) * Double(step.outputChannels)
    let sharesCache = bytes + 4 * Double(g.batch * g.inputHeight * g.inputWidth) * Double(g.inputPixelStride)
    return sharesCache <= Double(machine.level2Bytes) * 0.75 ? 0 : bytes * BandCost.spilledByte
  }

  /// The best way to run a chain by bands; nil where no band fits the cache.
  func best(_ steps: [any BandStep]) -> Plan? {
    guard let last = steps.last, let first = steps.first, last.geometry.outputHeight > 1 else { return nil }
    let constants = steps.reduce(0) { $0 + $1.constantBytes }
    var found: Plan?
    guard let unit = BandCost.unit(steps) else { return nil }
    for bandLines in BandCost.heights.map({ $0 * unit }) where bandLines < last.geometry.outputHeight {
      let layout = BandLayout(steps, bandLines: bandLines)
      let input = first.geometry
      let read = 4 * Double(layout.lines[0]) * Double(input.strideY) * Double(input.inputWidth) * Double(input.inputPixelStride)
      let written = 4 * Double(bandLines) * Double(last.geometry.outputWidth) * Double(last.outputChannels)
      let bytes = Double(constants + layout.ownBytes + layout.stepBytes) + read + written
      guard bytes <= BandCost.cacheShare * Double(machine.level2Bytes) else { break }
      let plan = plan(layout, bandLines)
      if found.map({ plan.nanoseconds < $0.nanoseconds }) ?? true { found = plan }
    }
    return found
  }

  /// Lines of the last step's output at whose multiples bands may begin; nil where no band gives the bits of the steps one by one, because a
  /// step that makes several lines together is asked for lines that overlap, or begin or end anywhere.
  static func unit(_ steps: [any BandStep]) -> Int? {
    func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }
    var unit = 1
    for step in steps {
      let g = step.geometry
      if unit > 1 {
        // Every line is seen, once: then the lines of a band end where those of the next one begin, or where the image does.
        guard (g.kernelHeight - 1) * g.dilationY + 1 == g.strideY, g.padTop == 0, g.outputHeight * g.strideY >= g.inputHeight else {
          return nil
        }
        unit /= divisor(unit, g.strideY)
      }
      unit = unit / divisor(unit, step.unit) * step.unit
    }
    return unit
  }

  private static let heights = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128]

  private func plan(_ layout: BandLayout, _ bandLines: Int) -> Plan {
    let last = layout.steps[layout.steps.count - 1].geometry
    let work = layout.steps.reduce(0) { $0 + lineTime($1) * Double($1.geometry.batch * $1.geometry.outputHeight) }
    var moved = 0.0
    var repeated = 0.0
    for index in layout.steps.indices.dropLast() {
      let (g, next) = (layout.steps[index].geometry, layout.steps[index + 1].geometry)
      let halo = Double(max(0, (next.kernelHeight - 1) * next.dilationY + 1 - next.strideY))
      moved += halo * 4 * Double(g.outputWidth * g.outputPixelStride) * BandCost.movedByte
      repeated += halo * lineTime(layout.steps[index])
    }
    func plan(stripes: Int) -> Plan {
      let bands = Double(last.batch * stripes) * Double(blocks(blocks(last.outputHeight, of: stripes), of: bandLines))
      var cost = bands * (Double(layout.steps.count) * BandCost.stage + moved)
      // Threads that meet make the lines between them twice; and wait for the last one, a part of a stripe in the mean.
      cost += Double(last.batch * (stripes - 1)) * repeated
      if threads > 1 { cost += BandCost.lateness * work * (1 / Double(last.batch * stripes) - 1 / Double(3 * threads)) }
      return Plan(bandLines: bandLines, stripes: stripes, nanoseconds: cost)
    }
    guard threads > 1 else { return plan(stripes: 1) }
    let most = max(1, last.outputHeight / bandLines)
    let plans = (1...4).map { plan(stripes: min(most, blocks($0 * threads, of: last.batch))) }
    return plans.min { $0.nanoseconds < $1.nanoseconds } ?? plan(stripes: 1)
  }

  /// What a line of the step's output takes.
  private func lineTime(_ step: any BandStep) -> Double {
    step.lineMacs * BandCost.mac
  }
}
