#if canImport(Glibc)
  import Glibc
#endif
import Graph
import Tensors
import Testing

/// The small ONNX models of Tests/Fixtures/onnx, which scripts/make-onnx-fixtures.py writes.
struct ONNXFixture: CustomTestStringConvertible {
  let name: String
  var testDescription: String { name }

  static let folder: String = {
    // #filePath is <checkout>/Tests/FormatsTests/ONNXFixture.swift
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/") + "/Fixtures/onnx"
  }()

  /// Every model that must be read; the list is part of the fixtures, so that a lost one is noticed.
  static let all: [ONNXFixture] = {
    guard let text = try? bytes("manifest.txt") else { return [] }
    return String(decoding: text, as: UTF8.self).split(separator: "\n").map { ONNXFixture(name: String($0)) }
  }()

  static func bytes(_ file: String) throws -> [UInt8] { try bytes(path: folder + "/" + file) }

  static func bytes(path: String) throws -> [UInt8] {
    let file = try #require(fopen(path, "rb"), "cannot open \(path)")
    defer { fclose(file) }
    fseek(file, 0, SEEK_END)
    let count = ftell(file)
    rewind(file)
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in filled = fread(buffer.baseAddress, 1, count, file) }
  }

  static func storage(_ bytes: [UInt8]) throws -> Storage {
    try Storage(byteCount: bytes.count) { out in bytes.withUnsafeBytes { out.copyMemory(from: $0) } }
  }

  func model() throws -> Storage { try ONNXFixture.storage(try ONNXFixture.bytes(name + ".onnx")) }

  struct NamedTensor {
    let name: String
    let tensor: Tensor
  }

  /// The inputs, and the outputs that onnxruntime gave for them: `in|out NAME DTYPE EXTENTS`, a newline, the bytes; and again.
  func tensors() throws -> (inputs: [NamedTensor], outputs: [NamedTensor]) {
    var rest = try ONNXFixture.bytes(name + ".tensors")[...]
    var inputs: [NamedTensor] = []
    var outputs: [NamedTensor] = []
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      let words = String(decoding: rest[..<end], as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
      try #require(words.count == 4)
      let dtype = try #require(DType(name: String(words[2])))
      let shape = words[3].split(separator: ",").compactMap { Int($0) }
      let count = try Tensor.checkedByteCount(dtype, shape)
      let content = Array(rest[(end + 1)..<(end + 1 + count)])
      let named = NamedTensor(name: String(words[1]), tensor: try Tensor(dtype, shape) { $0.copyBytes(from: content) })
      if words[0] == "in" { inputs.append(named) } else { outputs.append(named) }
      rest = rest[(end + 1 + count)...]
    }
    return (inputs, outputs)
  }

  /// The inputs in the order of `graph`'s.
  func inputs(of graph: Graph) throws -> [Tensor] {
    let given = try tensors().inputs
    return try graph.inputs.map { id in
      let named = given.first { $0.name == graph[id].name }
      return try #require(named, "the graph has an input '\(graph[id].name)'").tensor
    }
  }

  /// Largest difference from onnxruntime relative to the largest output.
  ///
  /// A sum of K products differs by at most 2·K·2⁻²⁴ of its terms between two orders of summation. The operators have
  /// K ≤ 96, which is 1.2e-5; the networks have up to 12 such layers of K ≤ 108, one behind another: 1.6e-4.
  var tolerance: Double { name.hasPrefix("torch-") || name.hasPrefix("network-") ? 1.6e-4 : 1.2e-5 }
}
