import Formats
import Tensors
import Testing

/// Files that are small and ask for much: each is refused before the memory is taken.
@Suite struct ONNXHostileTests {
  /// A model around `graph`'s fields: input x and output y, f32[2, 3].
  private func model(_ graph: [UInt8], opset: UInt64 = 12) -> [UInt8] {
    var wire = WireBuilder()
    wire.number(1, 8)
    wire.message(8) { $0.number(2, opset) }
    wire.message(7) { wire in
      for (field, name) in [(11, "x"), (12, "y")] {
        wire.message(field) { value in
          value.text(1, name)
          value.message(2) { type in
            type.message(1) { tensor in
              tensor.number(1, 1)
              tensor.message(2) { shape in for extent in [2, 3] { shape.message(1) { $0.number(1, UInt64(extent)) } } }
            }
          }
        }
      }
      wire.bytes += graph
    }
    return wire.bytes
  }

  private func node(_ type: String, _ inputs: [String], _ outputs: [String], _ rest: (inout WireBuilder) -> Void = { _ in }) -> [UInt8] {
    var wire = WireBuilder()
    wire.message(1) { node in
      for input in inputs { node.text(1, input) }
      for output in outputs { node.text(2, output) }
      node.text(4, type)
      rest(&node)
    }
    return wire.bytes
  }

  private func refusal(_ bytes: [UInt8], directory: String? = nil) throws -> Failure {
    let storage = try ONNXFixture.storage(bytes)
    return try #require(#expect(throws: Failure.self) { try ONNXReader.read(storage, directory: directory) })
  }

  private func expectOutOfProportion(_ bytes: [UInt8]) throws {
    let failure = try refusal(bytes)
    #expect(failure.status == .malformedFile)
    #expect(failure.message.contains("out of proportion"), "\(failure)")
  }

  @Test func theBuilderBuildsAModel() throws {
    let graph = try ONNXReader.read(try ONNXFixture.storage(model(node("Relu", ["x"], ["y"]))))
    #expect(graph.nodes.map(\.op) == [.relu])
  }

  /// Two bytes of the file are a message of hundreds: nodes, initializers, inputs, metadata, attributes.
  @Test(arguments: [[UInt8(0x0A), 0], [0x2A, 0], [0x5A, 0], [0x7A, 0]]) func emptyMessages(pair: [UInt8]) throws {
    var many: [UInt8] = []
    for _ in 0..<1_000_000 { many += pair }
    try expectOutOfProportion(model(node("Relu", ["x"], ["y"]) + many))
  }

  /// One byte of a packed list is a number of eight.
  @Test(arguments: [1, 7]) func packedNumbers(field: Int) throws {
    let ones = [UInt8](repeating: 1, count: 12_000_000)
    var wire = WireBuilder()
    wire.message(5) { tensor in
      if field == 7 { tensor.number(1, UInt64(ones.count)) }
      tensor.number(2, 7)
      tensor.text(8, "k")
      tensor.content(field, ones)
    }
    try expectOutOfProportion(model(wire.bytes + node("Add", ["x", "k"], ["y"])))
  }

  @Test func sumsOfManyTerms() throws {
    let terms = [String](repeating: "x", count: 60_000)
    var sums: [UInt8] = []
    for index in 0..<4 { sums += node("Sum", terms, ["s\(index)"]) }
    try expectOutOfProportion(model(sums + node("Relu", ["x"], ["y"])))
  }

  @Test func splitsIntoManyParts() throws {
    var parts: [String] = []
    for index in 0..<60_000 { parts.append(String(index, radix: 16)) }
    let splits = node("Split", ["x"], parts) + node("Split", ["x"], parts.map { "b" + $0 })
    try expectOutOfProportion(model(splits + node("Relu", ["x"], ["y"]), opset: 13))
  }

  @Test func sparseTensorsOfHugeShape() throws {
    var wire = WireBuilder()
    wire.message(15) { sparse in
      sparse.message(1) {
        $0.number(1, 1); $0.number(2, 1); $0.text(8, "k"); $0.content(9, [0, 0, 128, 63])
      }
      sparse.message(2) {
        $0.number(1, 1); $0.number(2, 7); $0.content(9, [5, 0, 0, 0, 0, 0, 0, 0])
      }
      sparse.number(3, 1 << 40)
    }
    try expectOutOfProportion(model(wire.bytes + node("Add", ["x", "k"], ["y"])))
  }

  /// A subgraph within a subgraph and so on: it is not entered, so its depth costs nothing.
  @Test func deepSubgraphs() throws {
    var inner = node("Relu", ["x"], ["y"])
    for _ in 0..<2000 {
      let body = inner
      inner = node("If", ["x"], ["y"]) { node in
        node.message(5) {
          $0.text(1, "then_branch"); $0.content(6, body); $0.number(20, 5)
        }
      }
    }
    let failure = try refusal(model(inner))
    #expect(failure.status == .unsupported)
    #expect(failure.message.contains("If (node 0)"))
  }

  /// A chain in the wrong order is sorted without recursion; a ring is named, not run around.
  @Test func longChainsAndRings() throws {
    let count = 10_000
    var chain: [UInt8] = []
    for index in (0..<count).reversed() {
      let input = index == 0 ? "x" : "v\(index)"
      let output = index == count - 1 ? "y" : "v\(index + 1)"
      chain += node("Relu", [input], [output])
    }
    let graph = try ONNXReader.read(try ONNXFixture.storage(model(chain)))
    #expect(graph.nodes.count == count)
    var ring: [UInt8] = []
    for index in 0..<count { ring += node("Relu", ["v\(index)"], ["v\((index + 1) % count)"]) }
    let failure = try refusal(model(ring + node("Relu", ["x"], ["y"])))
    #expect(failure.message.contains("cycle") && failure.message.contains("9992 more"))
  }

  @Test(arguments: [[UInt8](repeating: 0x0B, count: 100), [UInt8](repeating: 0xFF, count: 100), [0x3A, 0x80], [0x3A, 0x05, 0x0A], [0x00]])
  func damagedWire(bytes: [UInt8]) throws {
    let failure = try refusal(bytes)
    #expect(failure.status == .malformedFile)
    #expect(failure.byteOffset != nil)
  }
}

/// Writes protocol-buffer fields, to build what no exporter would.
struct WireBuilder {
  var bytes: [UInt8] = []

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func number(_ field: Int, _ value: UInt64) {
    varint(UInt64(field << 3))
    varint(value)
  }

  mutating func content(_ field: Int, _ content: [UInt8]) {
    varint(UInt64(field << 3 | 2))
    varint(UInt64(content.count))
    bytes += content
  }

  mutating func text(_ field: Int, _ text: String) { content(field, Array(text.utf8)) }

  mutating func message(_ field: Int, _ build: (inout WireBuilder) -> Void) {
    var inner = WireBuilder()
    build(&inner)
    content(field, inner.bytes)
  }
}
