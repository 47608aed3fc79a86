import Plan

/// What a step cost: nanoseconds of the last run, and the median of the last runs.
package struct StepProfile: Sendable {
  package let name: String
  package let operators: [String]
  package let kernel: String
  package let macs: Int
  package let bytes: Int
  package let lastNanoseconds: UInt64
  package let medianNanoseconds: UInt64
}

/// The times of the last `window` runs, step by step, in memory that the executor allocated beforehand.
final class Profiler {
  static let window = 64

  private let samples: UnsafeMutablePointer<UInt64>
  private let count: Int
  private var runs = 0

  init(steps samples: UnsafeMutablePointer<UInt64>, count: Int) {
    self.samples = samples
    self.count = count
  }

  @inline(__always)
  func record(_ step: Int, _ nanoseconds: UInt64) { samples[step * Profiler.window + runs % Profiler.window] = nanoseconds }

  func endRun() { runs += 1 }

  func summary(of plan: Plan) -> [StepProfile] {
    guard runs > 0 else { return [] }
    return plan.steps.enumerated().map { index, step in
      let row = UnsafeBufferPointer(start: samples + index * Profiler.window, count: min(runs, Profiler.window))
      let sorted = row.sorted()
      return StepProfile(
        name: step.name, operators: step.operators, kernel: step.kernel, macs: step.macs, bytes: step.bytes,
        lastNanoseconds: row[(runs - 1) % Profiler.window], medianNanoseconds: sorted[sorted.count / 2])
    }
  }
}
