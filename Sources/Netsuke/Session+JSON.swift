import Compression
import Plan
import Runtime
import Tensors

extension Session {
  /// The steps of the plan used last with their times, as JSON.
  /// - Throws: `notFound` where nothing was measured.
  package func profile() throws -> String {
    guard options.profile else { throw Failure(.notFound, "this session does not measure; set `profile` in its options") }
    guard let executor = ready.first?.executor, !executor.profile.isEmpty else {
      throw Failure(.notFound, "nothing was measured yet; run the session first")
    }
    let steps = executor.profile
    return JSONValue.object([
      .init("inputs", .array(executor.plan.inputs.map(\.json))),
      .init("threads", .number(Double(options.threads))),
      .init("median_ms", .milliseconds(steps.reduce(0) { $0 + $1.medianNanoseconds })),
      .init("last_ms", .milliseconds(steps.reduce(0) { $0 + $1.lastNanoseconds })),
      .init("steps", .array(steps.map(\.json))),
    ]).text()
  }

  /// The plan used last, as JSON: which kernel does what, and the memory it takes.
  /// - Throws: `notFound` before the first run or prepare.
  package func planDescription() throws -> String {
    guard let plan = ready.first?.executor.plan else { throw Failure(.notFound, "there is no plan yet; run or prepare the session first") }
    return JSONValue.object([
      .init("inputs", .array(plan.inputs.map(\.json))),
      .init("outputs", .array(plan.outputs.map(\.json))),
      .init("threads", .number(Double(options.threads))),
      .init("macs", .number(Double(plan.macs))),
      .init("constant_bytes", .number(Double(plan.constantBytes))),
      .init("arena_bytes", .number(Double(plan.arenaBytes))),
      .init("scratch_bytes", .number(Double(plan.scratchBytes))),
      .init("steps", .array(plan.steps.map(\.json))),
    ]).text()
  }
}

extension JSONValue {
  static func milliseconds(_ nanoseconds: UInt64) -> JSONValue { .number(Double(nanoseconds) / 1e6) }
  static func strings(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
}

extension Plan.Port {
  fileprivate var json: JSONValue {
    [
      "name": .string(name), "dtype": .string(dtype.name), "shape": .array(shape.map { .number(Double($0)) }),
      "bytes": .number(Double(byteCount)),
    ]
  }
}

extension Step {
  fileprivate var json: JSONValue {
    [
      "name": .string(name), "operators": .strings(operators), "kernel": .string(kernel), "dtype": .string(dtypeName),
      "shape": .array(extents.map { .number(Double($0)) }), "layout": .string(layout),
      "tasks": .number(Double(taskCount)), "macs": .number(Double(macs)), "bytes": .number(Double(bytes)),
      "split": .bool(paysToSplit), "why": choice.map { .string($0.text) } ?? .null,
      "estimated_ms": choice.map { .number($0.nanoseconds / 1e6) } ?? .null,
    ]
  }
}

extension StepProfile {
  fileprivate var json: JSONValue {
    [
      "name": .string(name), "operators": .strings(operators), "kernel": .string(kernel), "macs": .number(Double(macs)),
      "bytes": .number(Double(bytes)), "median_ms": .milliseconds(medianNanoseconds), "last_ms": .milliseconds(lastNanoseconds),
    ]
  }
}
