import CProbe
import Graph
import Plan
import Runtime
import Synchronization
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite struct ExecutorTests {
  /// A small network with every kind of step: products, windows, joins, sums, a softmax; large enough to be split.
  private func network(_ size: Int = 40) throws -> (graph: Graph, inputs: [Tensor]) {
    var net = Net(seed: 41)
    let x = net.input([2, 3, size, size])
    let stem = net.node(
      .conv, [x, try net.constant([16, 3, 3, 3]), try net.constant([16])], ["pads": .ints([1, 1, 1, 1]), "activation": .string("Relu")])
    let depthwise = net.node(.conv, [stem, try net.constant([16, 1, 3, 3])], ["pads": .ints([1, 1, 1, 1]), "group": .int(16)])
    let joined = net.node(.concat, [depthwise, stem], ["axis": .int(1)])
    let narrow = net.node(.conv, [joined, try net.constant([16, 32, 1, 1])])
    let sum = net.node(.add, [narrow, stem], ["activation": .string("Relu")])
    let pooled = net.node(.maxPool, [sum], ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])])
    let flat = net.node(.flatten, [net.node(.globalAveragePool, [pooled])])
    let scores = net.node(.gemm, [flat, try net.constant([16, 10]), try net.constant([10])])
    net.output(net.node(.softmax, [scores]), pooled)
    return (try net.finished(), try net.randomInputs())
  }

  /// Calls `body` with the inputs' memory, which lives as long as the call.
  private func withMemory<Result>(
    of inputs: [Tensor], _ body: (UnsafeBufferPointer<UnsafeRawBufferPointer>) throws -> Result
  ) rethrows -> Result {
    try withExtendedLifetime(inputs) { try inputs.map(\.bytes).withUnsafeBufferPointer(body) }
  }

  private func sameBits(_ a: [Tensor], _ b: [Tensor]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { $0.bytes.elementsEqual($1.bytes) }
  }

  @Test func everyNumberOfThreadsGivesTheSameBits() throws {
    let (graph, inputs) = try network()
    let one = try execute(graph, inputs)
    for threads in [2, 3, 5, 8] {
      let executor = try Executor(makePlan(graph), ExecutorOptions(threads: threads))
      for _ in 0..<20 { #expect(sameBits(try executor.run(inputs), one), "\(threads) threads") }
      #expect(sameBits(try execute(graph, inputs, threads: threads), one), "planned for \(threads) threads")
    }
  }

  @Test(.enabled(if: probe_allocations() >= 0, "allocations are not counted under a sanitizer"))
  func aRunAllocatesNothing() throws {
    let (graph, inputs) = try network()
    for threads in [1, 3] {
      for profile in [false, true] {
        let executor = try Executor(makePlan(graph), ExecutorOptions(threads: threads, profile: profile))
        let outputs = executor.plan.outputs.map { _ in UnsafeMutableRawBufferPointer(start: nil, count: 0) }
        try withMemory(of: inputs) { inputs in
          try outputs.withUnsafeBufferPointer { outputs in
            try executor.run(inputs: inputs, outputs: outputs)
            let before = probe_allocations()
            for _ in 0..<10 { try executor.run(inputs: inputs, outputs: outputs) }
            #expect(probe_allocations() == before, "\(threads) threads")
          }
        }
      }
    }
  }

  @Test func resultsInTheExecutorsMemory() throws {
    let (graph, inputs) = try network()
    let executor = try Executor(makePlan(graph))
    #expect(executor.output(0) == nil)
    let expected = try executor.run(inputs)
    let outputs = executor.plan.outputs.map { _ in UnsafeMutableRawBufferPointer(start: nil, count: 0) }
    try withMemory(of: inputs) { inputs in
      try outputs.withUnsafeBufferPointer { try executor.run(inputs: inputs, outputs: $0) }
    }
    for index in expected.indices { #expect(try #require(executor.output(index)).elementsEqual(expected[index].bytes)) }
    #expect(executor.output(2) == nil && executor.output(-1) == nil)
  }

  @Test func theCallersThreads() throws {
    let (graph, inputs) = try network()
    let one = try execute(graph, inputs)
    // Backwards, to show that no order is assumed; the count tells that it was asked at all.
    let function: ExecutorOptions.ParallelFor.Function = { user, count, task, context in
      user?.assumingMemoryBound(to: Int.self).pointee += count
      for index in (0..<count).reversed() { task?(context, index) }
    }
    let calls = UnsafeMutablePointer<Int>.allocate(capacity: 1)
    calls.initialize(to: 0)
    defer { calls.deallocate() }
    let options = ExecutorOptions(threads: 4, parallelFor: .init(function, user: calls))
    #expect(sameBits(try Executor(makePlan(graph), options).run(inputs), one))
    #expect(calls.pointee >= 8)
  }

  /// What a parallel-for may do wrong, in the low bits of the word at `user`: 1 leaves the last piece out, 2 asks for all twice and for
  /// pieces that are none.
  @Test func aParallelForThatLeavesPiecesOutIsFoundOut() throws {
    let (graph, inputs) = try network()
    let one = try execute(graph, inputs)
    let function: ExecutorOptions.ParallelFor.Function = { user, count, task, context in
      let mode = user?.load(as: Int.self) ?? 0
      for index in 0..<count - mode % 2 { task?(context, index) }
      if mode == 2 { for index in -1...count + 1 { task?(context, index) } }
    }
    let mode = UnsafeMutablePointer<Int>.allocate(capacity: 1)
    defer { mode.deallocate() }
    let executor = try Executor(makePlan(graph), ExecutorOptions(threads: 3, parallelFor: .init(function, user: mode)))
    for wrong in [1, 2, 0, 1, 0] {
      mode.initialize(to: wrong)
      if wrong == 1 {
        #expect { try executor.run(inputs) } throws: {
          guard let failure = $0 as? Failure else { return false }
          return failure.status == .callback && failure.node != nil && failure.message.hasPrefix("parallel_for returned when 2 of 3 pieces")
        }
      } else {
        #expect(sameBits(try executor.run(inputs), one))
      }
    }
  }

  @Test func theCallersAllocator() throws {
    let (graph, inputs) = try network(9)
    let balance = UnsafeMutablePointer<Int>.allocate(capacity: 2)
    balance.initialize(repeating: 0, count: 2)
    defer { balance.deallocate() }
    let allocator = ExecutorOptions.Allocator(
      allocate: { user, byteCount, alignment in
        user?.assumingMemoryBound(to: Int.self)[0] += 1
        return aligned_alloc(alignment, byteCount)
      },
      free: { user, block in
        user?.assumingMemoryBound(to: Int.self)[1] += 1
        free(block)
      }, user: balance)
    do {
      let executor = try Executor(makePlan(graph), ExecutorOptions(allocator: allocator))
      _ = try executor.run(inputs)
      #expect(balance[0] > 3 && balance[1] == 0)
    }
    #expect(balance[0] == balance[1])
    let none = ExecutorOptions.Allocator(allocate: { _, _, _ in nil }, free: { _, _ in }, user: nil)
    #expect { try Executor(makePlan(graph), ExecutorOptions(allocator: none)) } throws: { ($0 as? Failure)?.status == .outOfMemory }
  }

  @Test func aForkedChildRunsToo() throws {
    let (graph, inputs) = try network()
    let expected = try execute(graph, inputs)
    let executor = try Executor(makePlan(graph), ExecutorOptions(threads: 3))
    _ = try executor.run(inputs)
    struct Job {
      let executor: Executor
      let inputs: [Tensor]
      let expected: [Tensor]
    }
    var job = Job(executor: executor, inputs: inputs, expected: expected)
    let status = withUnsafeMutablePointer(to: &job) { pointer in
      probe_fork(
        { context in
          guard let job = context?.assumingMemoryBound(to: Job.self).pointee else { return 3 }
          for _ in 0..<3 {
            guard let results = try? job.executor.run(job.inputs) else { return 2 }
            if !zip(results, job.expected).allSatisfy({ $0.bytes.elementsEqual($1.bytes) }) { return 1 }
          }
          return 0
        }, pointer)
    }
    #expect(status == 0)
    #expect(sameBits(try executor.run(inputs), expected))
  }

  @Test func executorsAreIndependent() async throws {
    let (graph, inputs) = try network()
    let plan = try makePlan(graph)
    let expected = try execute(graph, inputs)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<3 {
        group.addTask {
          let executor = try Executor(plan, ExecutorOptions(threads: 2))
          for _ in 0..<10 where try !zip(executor.run(inputs), expected).allSatisfy({ $0.bytes.elementsEqual($1.bytes) }) { return false }
          return true
        }
      }
      for try await same in group { #expect(same) }
    }
  }

  @Test func aSecondThreadGetsAnError() throws {
    let (graph, inputs) = try network(9)
    final class Session: @unchecked Sendable {
      var executor: Executor?
      var inputs: [Tensor] = []
      var status: Failure.Status?
    }
    // The parallel-for of a run is called in its midst: another run at that moment is a second user.
    let session = Session()
    let function: ExecutorOptions.ParallelFor.Function = { user, count, task, context in
      if let user {
        let session = Unmanaged<Session>.fromOpaque(user).takeUnretainedValue()
        do { _ = try session.executor?.run(session.inputs) } catch { session.status = (error as? Failure)?.status }
      }
      for index in 0..<count { task?(context, index) }
    }
    let options = ExecutorOptions(threads: 2, parallelFor: .init(function, user: Unmanaged.passUnretained(session).toOpaque()))
    let (large, largeInputs) = try network()
    let executor = try Executor(makePlan(large), options)
    session.executor = executor
    session.inputs = largeInputs
    _ = try executor.run(largeInputs)
    #expect(session.status == .invalidArgument)
    session.executor = nil
    _ = try Executor(makePlan(graph)).run(inputs)
  }

  @Test func wrongCallsAreRefused() throws {
    let (graph, inputs) = try network(9)
    let plan = try makePlan(graph)
    for threads in [0, -1, 5000] {
      #expect { try Executor(plan, ExecutorOptions(threads: threads)) } throws: { ($0 as? Failure)?.status == .invalidArgument }
    }
    let executor = try Executor(plan)
    func status(_ inputs: [UnsafeRawBufferPointer], _ outputs: [UnsafeMutableRawBufferPointer]) -> Failure.Status? {
      do {
        try inputs.withUnsafeBufferPointer { inputs in try outputs.withUnsafeBufferPointer { try executor.run(inputs: inputs, outputs: $0) }
        }
        return nil
      } catch { return (error as? Failure)?.status }
    }
    let none = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    let good = inputs[0].bytes
    #expect(status([good], [none, none]) == nil)
    #expect(status([], [none, none]) == .shapeMismatch)
    #expect(status([good], [none]) == .shapeMismatch)
    #expect(status([UnsafeRawBufferPointer(rebasing: good.dropLast(4))], [none, none]) == .shapeMismatch)
    #expect(status([UnsafeRawBufferPointer(start: nil, count: 0)], [none, none]) == .shapeMismatch)
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: plan.outputs[1].byteCount + 64, alignment: 64)
    defer { memory.deallocate() }
    let short = UnsafeMutableRawBufferPointer(rebasing: memory[..<8])
    #expect(status([good], [short, none]) == .shapeMismatch)
    let scores = UnsafeMutableRawBufferPointer(rebasing: memory[..<plan.outputs[0].byteCount])
    let images = UnsafeMutableRawBufferPointer(rebasing: memory[..<plan.outputs[1].byteCount])
    #expect(status([good], [scores, images]) == .invalidArgument)
    let odd = UnsafeMutableRawBufferPointer(rebasing: memory[1..<plan.outputs[0].byteCount + 1])
    #expect(status([good], [odd, none]) == .invalidArgument)
    #expect(status([good], [scores, none]) == nil)
    withExtendedLifetime(inputs) {}
  }

  @Test func notANumberPassesThrough() throws {
    var net = Net()
    let x = net.input([1, 3, 8, 8])
    net.output(net.node(.conv, [x, try net.constant([4, 3, 3, 3])]))
    let result = try execute(net.finished(), [Tensor([1, 3, 8, 8], [Float](repeating: .nan, count: 192))], threads: 2)
    #expect(result[0].floats().allSatisfy { $0.isNaN })
  }

  @Test func everyStepIsMeasured() throws {
    let (graph, inputs) = try network()
    let executor = try Executor(makePlan(graph), ExecutorOptions(profile: true))
    #expect(executor.profile.isEmpty)
    for _ in 0..<5 { _ = try executor.run(inputs) }
    let profile = executor.profile
    #expect(profile.count == executor.plan.steps.count)
    #expect(profile.map(\.macs).reduce(0, +) == executor.plan.macs)
    #expect(profile.contains { $0.medianNanoseconds > 1000 })
  }

  @Test func constantsAndInputsAsOutputs() throws {
    var net = Net()
    let x = net.input([2, 3])
    net.output(x, try net.constant([2], [1, 2]), net.node(.relu, [x]), x)
    let input = try Tensor([2, 3], [-1, 2, -3, 4, -5, 6])
    let results = try execute(net.finished(), [input])
    #expect(results.map { $0.floats() } == [input.floats(), [1, 2], [0, 2, 0, 4, 0, 6], input.floats()])
  }
}
