import Graph
import Reference
import TestSupport
import Tensors
import Testing

/// Nodes with arguments no exporter would write: each must be computed or refused, never trap.
@Suite struct HostileGraphTests {
  private let numbers = [0, 1, 2, 3, -1, -2, 7, 100, 1 << 24, 1 << 31, 1 << 40, 1 << 62, Int.max, Int.min, Int.min + 1]
  private let names = [
    "alpha", "axis", "auto_pad", "ceil_mode", "count_include_pad", "dilations", "group", "groups", "kernel_shape", "keepdims", "mode",
    "num_outputs", "pads", "perm", "size", "start", "end", "strides", "to", "transA", "value", "allowzero", "noop_with_empty_axes",
    "activation", "tile",
  ]

  /// Input shapes and attributes that chance alone hardly finds.
  private let sound: [Operator: [[Int]]] = [
    .conv: [[1, 2, 4, 4], [2, 2, 2, 2]], .winogradConv: [[1, 2, 5, 4], [2, 2, 6, 6]], .gemm: [[2, 2], [2, 2], [2]],
    .matMul: [[2, 2], [2, 2]],
    .batchNormalization: [[1, 2, 3], [2], [2], [2], [2]], .maxPool: [[1, 2, 5, 5]], .averagePool: [[1, 1, 5, 5]],
  ]

  private func attribute(_ random: inout Random) throws -> Attribute {
    switch random.int(0...7) {
    case 0...2: .int(random.pick(numbers))
    case 3: .float(random.pick([0, 1, .nan, .infinity, -3]))
    case 4: .string(random.pick(["SAME_UPPER", "SAME_LOWER", "VALID", "reflect", "edge", "Clip", ""]))
    case 5: .tensor(try Tensor(random.pick([.s64, .u64, .f64]), [1], [random.pick(numbers)]))
    default: .ints((0..<random.int(0...6)).map { _ in random.int(-2...3) })
    }
  }

  private func input(_ random: inout Random) throws -> Tensor? {
    if random.int(0...9) == 0 { return nil }
    let shape = (0..<random.int(0...4)).map { _ in random.pick([0, 1, 1, 2, 3, 4, 6]) }
    let count = shape.reduce(1, *)
    switch random.int(0...9) {
    case 0...5: return try random.tensor(shape)
    case 6...7: return try Tensor(.s64, shape, wrapping: (0..<count).map { _ in random.int(-2...3) })
    default: return try Tensor(random.pick([.u8, .s8, .bool]), shape, [UInt8](repeating: 1, count: count))
    }
  }

  @Test(arguments: Operator.allCases) func nothingTraps(_ op: Operator) throws {
    let schema = try Schema.of(op)
    var random = Random(op.rawValue.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) })
    var computed = 0
    for _ in 0..<1500 {
      var inputs: [Tensor?] = []
      var attributes: [String: Attribute] = [:]
      if let shapes = sound[op], random.int(0...2) == 0 {
        inputs = try shapes.map { try random.tensor($0) }
        if schema.attributes.contains("kernel_shape") { attributes["kernel_shape"] = .ints([2, 2]) }
      } else if op == .resize, random.int(0...2) == 0 {
        inputs = [try random.tensor([1, 2, 3, 3])]
        let scale: Float = random.pick([0.5, 2, 0, .nan, .infinity, -1, 1e30])
        if random.int(0...1) == 0 {
          attributes["scales"] = .floats([scale, 1])
        } else {
          inputs.append(try .integers([random.pick(numbers), 4]))
        }
      } else if op == .dequantizeLinear, random.int(0...2) == 0 {
        inputs = [try Tensor(.u8, [2, 2], wrapping: [0, 255, 3, 4]), try .scalar(random.pick([0.5, .infinity]))]
      }
      let count = inputs.isEmpty ? random.int(1...max(1, min(schema.inputs.upperBound, 5))) : 0
      for _ in 0..<count {
        if random.int(0...2) == 0 {
          let values = (0..<random.int(0...4)).map { _ in random.pick(numbers) }
          inputs.append(try random.int(0...3) == 0 ? Tensor(.s64, [], [random.pick(numbers)]) : .integers(values))
        } else {
          inputs.append(try? input(&random))
        }
      }
      for name in names where schema.attributes.contains(name) && random.int(0...(attributes.isEmpty ? 1 : 5)) == 0 {
        if random.int(0...3) == 0 {
          attributes[name] = .ints((0..<random.int(0...6)).map { _ in random.pick(numbers) })
        } else if ["kernel_shape", "strides", "dilations", "pads", "perm"].contains(name) {
          let plain = random.int(0...1) == 0
          let count = plain ? (name == "pads" ? 4 : 2) : random.int(1...4)
          attributes[name] = .ints((0..<count).map { _ in random.int((plain ? 1 : 0)...2) })
        } else {
          attributes[name] = try attribute(&random)
        }
      }
      let node = Node(
        op, name: "node", inputs: inputs.map { _ in nil }, outputs: (0..<random.int(1...3)).map(ValueID.init),
        attributes: Attributes(attributes))
      // What is inferred may be as large as memory; only small results are computed.
      guard let call = try? Call(node, inputs), call.outputs.indices.allSatisfy({ call.shape($0).reduce(1, *) <= 1 << 16 })
      else { continue }
      guard let results = try? ReferenceOperator.evaluate(node, inputs) else { continue }
      computed += 1
      for (result, type) in zip(results, call.outputs) {
        #expect(result.shape.map(Dim.fixed) == type.shape)
        #expect(result.dtype == type.dtype)
      }
    }
    #expect(computed > 0, "no random case of \(op.rawValue) was sound")
  }
}
