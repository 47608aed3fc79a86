import Graph
import Kernels
import Plan
import Reference
import Runtime
import Tensors
import Testing

/// A graph under construction, with random constants.
struct Net {
  var graph = Graph(name: "test")
  var random: Random

  init(seed: UInt64 = 1) { random = Random(seed: seed) }

  mutating func input(_ shape: [Int], _ dtype: DType = .f32) -> ValueID {
    graph.addInput("in\(graph.inputs.count)", ValueType(dtype, shape.map(Dim.fixed)))
  }

  mutating func constant(_ shape: [Int], _ values: [Float]? = nil) throws -> ValueID {
    let values = values ?? random.floats(shape.reduce(1, *))
    return graph.addConstant("c\(graph.values.count)", try Tensor(shape, values))
  }

  mutating func ints(_ values: [Int]) throws -> ValueID {
    graph.addConstant("i\(graph.values.count)", try Tensor(.s64, [values.count], values))
  }

  @discardableResult
  mutating func node(_ op: Operator, _ inputs: [ValueID?], _ attributes: [String: Attribute] = [:]) -> ValueID {
    graph.append(op, "\(op.rawValue)\(graph.nodes.count)", inputs, attributes)
  }

  mutating func nodes(_ op: Operator, _ inputs: [ValueID?], outputs count: Int, _ attributes: [String: Attribute] = [:]) -> [ValueID] {
    let name = "\(op.rawValue)\(graph.nodes.count)"
    let outputs = (0..<count).map { graph.addValue("\(name)_\($0)") }
    graph.nodes.append(Node(op, name: name, inputs: inputs, outputs: outputs, attributes: Attributes(attributes)))
    return outputs
  }

  mutating func output(_ ids: ValueID...) { graph.outputs += ids }

  /// The graph with its types, checked.
  func finished() throws -> Graph {
    var graph = graph
    try graph.inferTypes()
    return graph
  }

  mutating func randomInputs() throws -> [Tensor] {
    try graph.inputs.map { id in
      guard let type = graph[id].type, let shape = type.shape?.fixed else { throw Failure(.internal, "no shape") }
      let count = shape.reduce(1, *)
      switch type.dtype {
      case .f32: return try Tensor(shape, random.floats(count))
      case .u8: return try Tensor(.u8, shape, (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) })
      case .s8: return try Tensor(.s8, shape, (0..<count).map { _ in Int8(truncatingIfNeeded: random.next()) })
      default: return try Tensor(.s64, shape, (0..<count).map { _ in random.int(0...1) })
      }
    }
  }
}

func makePlan(_ graph: Graph, threads: Int = 1, exact: Bool = false, sparse: PlanOptions.Sparse = .chosen) throws -> Plan {
  try Planner(kernels: kernelTable(), machine: .current()).plan(graph, PlanOptions(threads: threads, exact: exact, sparse: sparse))
}

/// The outputs of the plan of `graph`, in memory of the caller's filled with garbage beforehand.
func execute(_ graph: Graph, _ inputs: [Tensor], threads: Int = 1, sparse: PlanOptions.Sparse = .chosen) throws -> [Tensor] {
  try Executor(makePlan(graph, threads: threads, sparse: sparse), ExecutorOptions(threads: threads)).run(inputs)
}

extension Executor {
  func run(_ inputs: [Tensor]) throws -> [Tensor] {
    let memory = plan.outputs.map { UnsafeMutableRawBufferPointer.allocate(byteCount: max($0.byteCount, 1), alignment: 64) }
    defer { for block in memory { block.deallocate() } }
    for block in memory { block.initializeMemory(as: UInt8.self, repeating: 0xC5) }
    let outputs = zip(memory, plan.outputs).map { UnsafeMutableRawBufferPointer(rebasing: $0[..<$1.byteCount]) }
    try inputs.map(\.bytes).withUnsafeBufferPointer { inputs in
      try outputs.withUnsafeBufferPointer { try run(inputs: inputs, outputs: $0) }
    }
    return try zip(outputs, plan.outputs).map { block, port in
      try Tensor(port.dtype, port.shape) { $0.copyMemory(from: UnsafeRawBufferPointer(block)) }
    }
  }
}

/// Holds the plan of `graph` against the interpreter, element by element.
///
/// A fused multiply-add chain of k terms is off by at most k·2⁻²⁴·Σ|a||b|; Σ|a||b| is what the interpreter makes of the same
/// graph with every number's sign dropped and no activation, and no activation here is steeper than 1.5. `slack` is added for
/// what is no sum: the kernels' polynomials.
func expectAgreement(
  _ graph: Graph, _ inputs: [Tensor], terms: Int, slack: Float = 1e-6, threads: Int = 1, sparse: PlanOptions.Sparse = .chosen,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let expected = try Interpreter(graph).run(inputs)
  let bounds = try Interpreter(graph.absolute()).run(inputs.map { try $0.absolute() })
  let actual = try execute(graph, inputs, threads: threads, sparse: sparse)
  #expect(actual.count == expected.count, sourceLocation: sourceLocation)
  for (index, tensor) in actual.enumerated() {
    #expect(tensor.shape == expected[index].shape && tensor.dtype == expected[index].dtype, sourceLocation: sourceLocation)
    guard tensor.dtype == .f32 else {
      #expect(tensor.bytes.elementsEqual(expected[index].bytes), "output \(index)", sourceLocation: sourceLocation)
      continue
    }
    let (a, b, c) = (tensor.floats(), expected[index].floats(), bounds[index].floats())
    let wrong = a.indices.first { position in
      let tolerance = Float(terms + 4) * 0x1p-24 * 1.5 * max(abs(c[position]), abs(b[position])) + slack
      return !(abs(a[position] - b[position]) <= tolerance) && a[position].bitPattern != b[position].bitPattern
    }
    if let wrong {
      Issue.record(
        "output \(index) of \(graph.nodes.map(\.op.rawValue)) at \(wrong): \(a[wrong]) instead of \(b[wrong])",
        sourceLocation: sourceLocation)
    }
  }
}

extension Tensor {
  func absolute() throws -> Tensor { dtype == .f32 ? try Tensor(shape, floats().map(abs)) : self }
}

extension Graph {
  /// Constants without signs, activations of products and sums left out, differences as sums.
  func absolute() throws -> Graph {
    var graph = self
    for index in graph.values.indices {
      guard let tensor = try graph.values[index].constant?.decoded() else { continue }
      graph.values[index].constant = Weight(try tensor.absolute())
    }
    for index in graph.nodes.indices {
      if graph.nodes[index].op == .sub { graph.nodes[index].op = .add }
      if [.conv, .gemm, .add].contains(graph.nodes[index].op) { Activation.none.store(in: &graph.nodes[index].attributes) }
    }
    return graph
  }
}
