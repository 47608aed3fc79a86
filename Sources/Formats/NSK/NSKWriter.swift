import Graph
import Tensors

/// Writes a graph as a .nsk file, version 1. Equal graphs give equal bytes.
package struct NSKWriter {
  private let graph: Graph
  private let stringNumbers: [[UInt8]: Int]
  var section = NSKSink()
  var data = NSKSink()

  /// The bytes of `graph` in the container; every weight in the form the graph holds it in.
  /// - Throws: `invalidArgument` where the graph refers to values it does not have.
  package static func encode(_ graph: Graph) throws -> [UInt8] {
    var writer = NSKWriter(graph)
    try writer.writeGraph()
    var contents: [(kind: NSKSection.Kind, isRequired: Bool, bytes: [UInt8])] = []
    if !graph.metadata.isEmpty { contents.append((.metadata, false, NSKMetadata.encode(graph.metadata))) }
    contents.append((.graph, true, writer.section.bytes))
    writer.data.raw([UInt8](repeating: 0, count: NSKHeader.slackByteCount))
    contents.append((.data, true, writer.data.bytes))
    return NSKHeader.assemble(contents)
  }

  private init(_ graph: Graph) {
    self.graph = graph
    let strings = NSKWriter.strings(of: graph)
    stringNumbers = Dictionary(uniqueKeysWithValues: strings.enumerated().map { ($1, $0) })
    NSKStrings.write(strings, to: &section)
    data.reserve(graph.values.reduce(0) { $0 + ($1.constant?.storedByteCount ?? 0) + 128 })
  }

  /// Every name and text of the graph as UTF-8, sorted by bytes (`String` would take canonically equal texts for one).
  private static func strings(of graph: Graph) -> [[UInt8]] {
    var strings: Set<[UInt8]> = [Array(graph.name.utf8)]
    for value in graph.values {
      strings.insert(Array(value.name.utf8))
      for case .symbolic(_, let symbol) in value.type?.shape ?? [] { strings.insert(Array(symbol.utf8)) }
    }
    for node in graph.nodes {
      strings.insert(Array(node.name.utf8))
      strings.insert(Array(node.op.rawValue.utf8))
      for (name, attribute) in node.attributes.values {
        strings.insert(Array(name.utf8))
        if case .string(let text) = attribute { strings.insert(Array(text.utf8)) }
      }
    }
    return strings.sorted { $0.lexicographicallyPrecedes($1) }
  }

  mutating func string(_ text: String) { section.int(stringNumbers[Array(text.utf8)] ?? 0) }

  private mutating func writeGraph() throws {
    string(graph.name)
    section.int(graph.values.count)
    for value in graph.values { write(value) }
    section.int(graph.nodes.count)
    for node in graph.nodes { try write(node) }
    for list in [graph.inputs, graph.outputs] {
      section.int(list.count)
      for id in list { try reference(id) }
    }
  }

  private mutating func reference(_ id: ValueID) throws {
    guard graph.values.indices.contains(id.index) else {
      throw Failure(.invalidArgument, "the graph refers to value \(id.index) of \(graph.values.count)")
    }
    section.int(id.index)
  }

  private mutating func write(_ value: Value) {
    string(value.name)
    let form: NSKCodes.TypeForm =
      switch value.type {
      case nil: .unknown
      case let type? where value.constant.map { ValueType($0.dtype, $0.shape.map(Dim.fixed)) } == type: .constants
      case let type?: type.shape == nil ? .elementOnly : .full
      }
    section.byte(form.rawValue | (value.constant == nil ? 0 : NSKCodes.constantFlag))
    if let type = value.type, form != .constants {
      section.byte(type.dtype.rawValue)
      if let shape = type.shape { write(shape) }
    }
    if let weight = value.constant { write(weight) }
  }

  /// Extents: a known one doubled; a symbolic one as twice its coefficient plus one, then the symbol.
  private mutating func write(_ shape: [Dim]) {
    section.int(shape.count)
    for dim in shape {
      switch dim {
      case .fixed(let value): section.varint(UInt64(max(value, 0)) << 1)
      case .symbolic(let coefficient, let symbol):
        section.varint(UInt64(max(coefficient, 1)) << 1 | 1)
        string(symbol)
      }
    }
  }

  private mutating func write(_ node: Node) throws {
    string(node.op.rawValue)
    string(node.name)
    section.int(node.inputs.count)
    for input in node.inputs {
      guard let input else { section.int(0); continue }
      guard graph.values.indices.contains(input.index) else {
        throw Failure(.invalidArgument, "an input refers to value \(input.index) of \(graph.values.count)", node: node.name)
      }
      section.int(input.index + 1)
    }
    section.int(node.outputs.count)
    for output in node.outputs { try reference(output) }
    let attributes = node.attributes.values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    section.int(attributes.count)
    for (name, attribute) in attributes {
      string(name)
      write(attribute)
    }
  }
}
