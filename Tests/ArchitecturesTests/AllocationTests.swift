import Architectures
import CProbe
import Netsuke
import Tensors
import Testing

/// What a run costs beside its time.
@Suite struct AllocationTests {
  /// Calls of malloc and its kin on the calling thread, in ten runs after the first; with two threads the other one does the same steps.
  @Test(arguments: RunTests.small, [Int32(1), 2])
  func runsAfterTheFirstAllocateNothing(network: (name: String, options: [(key: String, value: Double)]), threads: Int32) throws {
    try #require(probe_allocations() >= 0, "allocations are not counted here")
    let model = Model(try Architecture.named(network.name).graph(network.options))
    let input = try RunTests.input(model.graph, batch: 1)
    var options = SessionOptions()
    options.threads = threads
    let session = try Session(model, options)
    var argument = TensorArgument(), result = TensorArgument()
    argument.data = UnsafeMutableRawPointer(mutating: input.bytes.baseAddress)
    (argument.byteSize, argument.dtype, argument.rank) = (input.byteCount, Int32(input.dtype.rawValue), Int32(input.shape.count))
    for (axis, extent) in input.shape.enumerated() { argument[axis] = Int64(extent) }
    try withUnsafeMutablePointer(to: &argument) { argument in
      try withUnsafeMutablePointer(to: &result) { result in
        func run() throws {
          try session.run(UnsafeBufferPointer(start: argument, count: 1), UnsafeMutableBufferPointer(start: result, count: 1))
        }
        try run()
        let before = probe_allocations()
        for _ in 0..<10 { try run() }
        #expect(probe_allocations() == before)
      }
    }
    withExtendedLifetime(input) {}
  }
}
