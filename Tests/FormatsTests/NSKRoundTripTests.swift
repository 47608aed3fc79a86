import Formats
import Graph
import Tensors
import Testing

@Suite struct NSKRoundTripTests {
  @Test func everyFormComesBackBitForBit() throws {
    let graph = try NSKSamples.everyForm()
    let bytes = try ModelFile.encode(graph, as: .nsk)
    let back = try NSKSamples.read(bytes)
    #expect(back.text == graph.text)
    #expect(back.name == graph.name)
    #expect(back.metadata == graph.metadata)
    #expect(back.inputs == graph.inputs)
    #expect(back.outputs == graph.outputs)
    try #require(back.values.count == graph.values.count)
    for (one, other) in zip(graph.values, back.values) {
      #expect(one.name == other.name)
      #expect(one.type == other.type)
      expectSame(one.constant, other.constant, one.name)
    }
    for (one, other) in zip(graph.nodes, back.nodes) {
      #expect(one.name == other.name)
      #expect(one.op == other.op)
      #expect(one.inputs == other.inputs)
      #expect(one.outputs == other.outputs)
      #expect(
        "\(one.attributes.names.map { "\($0) \(one.attributes[$0]!)" })"
          == "\(other.attributes.names.map { "\($0) \(other.attributes[$0]!)" })")
    }
    #expect(try ModelFile.encode(back, as: .nsk) == bytes)
  }

  private func expectSame(_ one: Weight?, _ other: Weight?, _ name: String) {
    guard let one, let other else { return #expect((one == nil) == (other == nil), "\(name)") }
    #expect(one.shape == other.shape, "\(name)")
    #expect(one.dtype == other.dtype, "\(name)")
    #expect(one.quantization == other.quantization, "\(name)")
    #expect(one.elements.stored.dtype == other.elements.stored.dtype, "\(name)")
    #expect(one.elements.stored.shape == other.elements.stored.shape, "\(name)")
    #expect(one.elements.stored.bytes.elementsEqual(other.elements.stored.bytes), "\(name)")
    switch (one.arrangement, other.arrangement) {
    case (.dense, .dense): break
    case (.bitmap(let a), .bitmap(let b)), (.gaps(let a), .gaps(let b)): #expect(a.bytes.elementsEqual(b.bytes), "\(name)")
    default: Issue.record("\(name) changed its arrangement")
    }
  }

  @Test func equalGraphsGiveEqualBytes() throws {
    let bytes = try ModelFile.encode(NSKSamples.everyForm(), as: .nsk)
    for _ in 0..<5 { #expect(try ModelFile.encode(NSKSamples.everyForm(), as: .nsk) == bytes) }
  }

  @Test func largePartsBorrowTheFileAndLieAtMultiplesOf64() throws {
    let storage = try NSKSamples.storage(try ModelFile.encode(NSKSamples.everyForm(), as: .nsk))
    var borrowed = 0
    for value in try ModelFile.read(storage).values {
      guard let stored = value.constant?.elements.stored, stored.byteCount >= 128 else { continue }
      #expect(stored.storage === storage, "\(value.name)")
      #expect(stored.byteOffset % 64 == 0, "\(value.name)")
      borrowed += 1
    }
    #expect(borrowed >= 8)
  }

  @Test func unalignedMemoryIsCopied() throws {
    let bytes = try ModelFile.encode(NSKSamples.everyForm(), as: .nsk)
    let shifted = try NSKSamples.storage([0] + bytes)
    let view = Storage(borrowing: shifted.base + 1, byteCount: bytes.count, keeper: shifted)
    #expect(try ModelFile.encode(ModelFile.read(view), as: .nsk) == bytes)
  }

  /// Front coding and small integers keep a file close to its weights.
  @Test func theGraphItselfIsSmall() throws {
    let graph = try NSKSamples.everyForm()
    let parts = graph.values.reduce(0) { $0 + ($1.constant?.storedByteCount ?? 0) }
    #expect(try ModelFile.encode(graph, as: .nsk).count < parts + 2600)
  }

  @Test func textsThatLookAlikeStayApart() throws {
    // The same letter as one code point and as two: equal for `String`, different bytes in the file.
    var graph = try NSKSamples.tiny()
    graph.name = "e\u{301}"
    graph.values[0].name = "\u{e9}"
    let back = try NSKSamples.read(try ModelFile.encode(graph, as: .nsk))
    #expect(Array(back.name.utf8) == Array("e\u{301}".utf8))
    #expect(Array(back.values[0].name.utf8) == Array("\u{e9}".utf8))
  }
}
