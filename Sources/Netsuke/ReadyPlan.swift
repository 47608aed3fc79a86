import Plan
import Runtime
import Tensors

/// A plan with its memory, ready to run on callers' tensors without allocating.
final class ReadyPlan {
  let executor: Executor
  private let inputs: UnsafeMutableBufferPointer<UnsafeRawBufferPointer>
  private let outputs: UnsafeMutableBufferPointer<UnsafeMutableRawBufferPointer>

  init(_ executor: Executor) {
    self.executor = executor
    inputs = .allocate(capacity: executor.plan.inputs.count)
    inputs.initialize(repeating: UnsafeRawBufferPointer(start: nil, count: 0))
    outputs = .allocate(capacity: executor.plan.outputs.count)
    outputs.initialize(repeating: UnsafeMutableRawBufferPointer(start: nil, count: 0))
  }

  deinit {
    inputs.deallocate()
    outputs.deallocate()
  }

  func matches(_ arguments: UnsafeBufferPointer<TensorArgument>) -> Bool {
    guard arguments.count == inputs.count else { return false }
    for index in inputs.indices where !arguments[index].matches(executor.plan.inputs[index]) { return false }
    return true
  }

  /// Runs once: results go to the outputs' memory, or their `data` is pointed at them.
  func run(_ arguments: UnsafeBufferPointer<TensorArgument>, _ results: UnsafeMutableBufferPointer<TensorArgument>) throws {
    for index in inputs.indices {
      inputs[index] = UnsafeRawBufferPointer(try bytes(of: arguments[index], for: executor.plan.inputs[index], "input"))
    }
    for index in outputs.indices {
      let port = executor.plan.outputs[index]
      outputs[index] =
        results[index].data == nil
        ? UnsafeMutableRawBufferPointer(start: nil, count: 0) : try bytes(of: results[index], for: port, "output")
    }
    try executor.run(inputs: UnsafeBufferPointer(inputs), outputs: UnsafeBufferPointer(outputs))
    for index in outputs.indices {
      if let own = executor.output(index)?.baseAddress { results[index].data = UnsafeMutableRawPointer(mutating: own) }
      results[index].describe(executor.plan.outputs[index])
    }
  }

  private func bytes(of tensor: TensorArgument, for port: Plan.Port, _ role: StaticString) throws -> UnsafeMutableRawBufferPointer {
    guard tensor.byteSize >= port.byteCount else {
      throw Failure(
        .shapeMismatch,
        "\(role) '\(port.name)': \(port.dtype.name)\(port.shape) has \(port.byteCount) bytes, and byte_size says \(tensor.byteSize)")
    }
    guard tensor.data != nil || port.byteCount == 0 else {
      throw Failure(.invalidArgument, "\(role) '\(port.name)': data is NULL")
    }
    guard UInt(bitPattern: tensor.data) % UInt(port.dtype.byteCount) == 0 else {
      throw Failure(.invalidArgument, "\(role) '\(port.name)': data must lie at a multiple of \(port.dtype.byteCount) bytes")
    }
    return UnsafeMutableRawBufferPointer(start: tensor.data, count: port.byteCount)
  }
}
