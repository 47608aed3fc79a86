import Graph
import Tensors

/// Reads the graph section, and through it the parts of the data section, which lie there in the order they are referred to.
struct NSKGraphReader {
  let storage: Storage
  private let start: Int
  var cursor: NSKCursor
  var data: NSKCursor
  var budget: NSKBudget
  var strings: [String] = []

  init(_ storage: Storage, graph: Range<Int>, data: Range<Int>, _ budget: NSKBudget) {
    self.storage = storage
    start = graph.lowerBound
    cursor = NSKCursor(storage.bytes, graph, section: "section GRPH")
    self.data = NSKCursor(storage.bytes, data, section: "section DATA")
    self.budget = budget
  }

  mutating func read(metadata: [String: String]) throws -> Graph {
    strings = try NSKStrings.read(&cursor, &budget)
    var graph = Graph(name: try string())
    graph.metadata = metadata
    try readValues(&graph)
    try readNodes(&graph)
    graph.inputs = try references(of: graph)
    graph.outputs = try references(of: graph)
    try cursor.finish()
    guard try data.raw(NSKHeader.slackByteCount).allSatisfy({ $0 == 0 }) else {
      throw data.failure("the bytes behind the last part are not zero; the file is damaged")
    }
    try data.finish()
    do { try Verifier.verify(graph) } catch var failure as Failure {
      failure.message = "section GRPH: " + failure.message
      failure.byteOffset = failure.byteOffset ?? start
      throw failure
    }
    return graph
  }

  mutating func string() throws -> String { strings[try index(below: strings.count, "string")] }

  private mutating func index(below count: Int, _ thing: String) throws -> Int {
    let start = cursor.position
    let index = try cursor.int()
    guard index < count else { throw cursor.failure("\(thing) \(index) of \(count)", at: start) }
    return index
  }

  private mutating func readValues(_ graph: inout Graph) throws {
    let count = try cursor.count(of: "values", bytesEach: 2)
    // Twice, because the verifier infers types on a copy.
    try budget.charge(count, each: 2 * MemoryLayout<Value>.stride, cursor)
    graph.values.reserveCapacity(count)
    for _ in 0..<count { try readValue(&graph) }
  }

  private mutating func readValue(_ graph: inout Graph) throws {
    let name = try string()
    let start = cursor.position
    let flags = try cursor.byte()
    guard flags < 8, let form = NSKCodes.TypeForm(rawValue: flags & 3), form != .constants || flags & NSKCodes.constantFlag != 0 else {
      throw cursor.failure("value '\(name)' has the flags \(flags)", at: start)
    }
    var type: ValueType?
    if form == .elementOnly || form == .full { type = ValueType(try elementType(), nil) }
    if form == .full { type?.shape = try dims() }
    let constant = flags & NSKCodes.constantFlag != 0 ? try weight() : nil
    let id = graph.addValue(name, type, constant: constant)
    if form != .constants { graph[id].type = type }
  }

  private mutating func dims() throws -> [Dim] {
    let rank = try rank()
    try budget.charge(rank, each: MemoryLayout<Dim>.stride, cursor)
    var shape: [Dim] = []
    shape.reserveCapacity(rank)
    for _ in 0..<rank {
      let start = cursor.position
      let extent = try cursor.varint()
      let number = Int(extent >> 1)
      guard number <= 1 << 46, extent & 1 == 0 || number > 0 else { throw cursor.failure("the extent \(number)", at: start) }
      shape.append(extent & 1 == 0 ? .fixed(number) : .symbolic(coefficient: number, symbol: try string()))
    }
    return shape
  }

  private mutating func readNodes(_ graph: inout Graph) throws {
    let count = try cursor.count(of: "nodes", bytesEach: 5)
    try budget.charge(count, each: MemoryLayout<Node>.stride, cursor)
    graph.nodes.reserveCapacity(count)
    var unknown: [String] = []
    for _ in 0..<count {
      let op = try string()
      let name = try string()
      let inputs = try inputs(of: graph)
      let outputs = try references(of: graph)
      let attributes = try attributes()
      guard let known = Operator(rawValue: op) else { unknown.append("\(op) ('\(name)')"); continue }
      graph.nodes.append(Node(known, name: name, inputs: inputs, outputs: outputs, attributes: attributes))
    }
    guard unknown.isEmpty else {
      let list = unknown.prefix(50).joined(separator: ", ") + (unknown.count > 50 ? " and \(unknown.count - 50) more" : "")
      throw cursor.failure("operators that this version of the library does not have: \(list)", status: .unsupported)
    }
  }

  /// 0 for an input left out, else the value's index plus one.
  private mutating func inputs(of graph: Graph) throws -> [ValueID?] {
    let count = try cursor.count(of: "inputs", bytesEach: 1)
    try budget.charge(count, each: MemoryLayout<ValueID?>.stride, cursor)
    var inputs: [ValueID?] = []
    inputs.reserveCapacity(count)
    for _ in 0..<count {
      let reference = try index(below: graph.values.count + 1, "value")
      inputs.append(reference == 0 ? nil : ValueID(reference - 1))
    }
    return inputs
  }

  private mutating func references(of graph: Graph) throws -> [ValueID] {
    let count = try cursor.count(of: "values", bytesEach: 1)
    try budget.charge(count, each: MemoryLayout<ValueID>.stride, cursor)
    var references: [ValueID] = []
    references.reserveCapacity(count)
    for _ in 0..<count { references.append(ValueID(try index(below: graph.values.count, "value"))) }
    return references
  }
}
