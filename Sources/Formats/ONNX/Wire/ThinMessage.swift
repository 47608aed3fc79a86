/// The messages of the ONNX schema that the reader looks into, and which of their fields it keeps.
///
/// Field numbers are those of onnx.proto. A field without a rule is stepped over: documentation, stack traces, training
/// information, subgraphs (whose operators are reported by their own name), and unknown fields.
enum ThinMessage {
  case model, graph, node, attribute, tensor, sparseTensor, valueInfo, type, tensorType, shape, dimension, operatorSet, entry

  enum Rule {
    case number
    case fixed32
    /// A string: checked to be UTF-8.
    case text
    case bytes
    /// Repeated numbers, packed or one by one, of this form.
    case numbers(WireType)
    case message(ThinMessage)
  }

  func rule(_ field: Int) -> Rule? {
    switch (self, field) {
    case (.model, 1): .number  // ir_version
    case (.model, 2), (.model, 3): .text  // producer
    case (.model, 7): .message(.graph)
    case (.model, 8): .message(.operatorSet)
    case (.model, 14): .message(.entry)
    case (.graph, 1): .message(.node)
    case (.graph, 2): .text
    case (.graph, 5): .message(.tensor)
    case (.graph, 11), (.graph, 12): .message(.valueInfo)
    case (.graph, 15): .message(.sparseTensor)
    case (.node, 1), (.node, 2), (.node, 3), (.node, 4), (.node, 7): .text
    case (.node, 5): .message(.attribute)
    case (.attribute, 1), (.attribute, 21): .text
    case (.attribute, 2): .fixed32
    case (.attribute, 3), (.attribute, 20): .number
    case (.attribute, 4): .bytes
    case (.attribute, 5): .message(.tensor)
    case (.attribute, 7): .numbers(.fixed32)
    case (.attribute, 8): .numbers(.varint)
    case (.attribute, 22): .message(.sparseTensor)
    case (.tensor, 1): .numbers(.varint)
    case (.tensor, 2), (.tensor, 14): .number
    case (.tensor, 8): .text
    case (.tensor, 13): .message(.entry)
    case (.sparseTensor, 1), (.sparseTensor, 2): .message(.tensor)
    case (.sparseTensor, 3): .numbers(.varint)
    case (.valueInfo, 1): .text
    case (.valueInfo, 2): .message(.type)
    case (.type, 1): .message(.tensorType)
    case (.tensorType, 1): .number
    case (.tensorType, 2): .message(.shape)
    case (.shape, 1): .message(.dimension)
    case (.dimension, 1): .number
    case (.dimension, 2): .text
    case (.operatorSet, 1): .text
    case (.operatorSet, 2): .number
    case (.entry, 1), (.entry, 2): .text
    default: nil
    }
  }

  /// Bytes that one decoded message takes at most, with its share of growing arrays and of the graph built from it.
  var memoryCost: Int {
    switch self {
    case .node: 3 * MemoryLayout<Onnx_NodeProto>.stride + 768
    case .attribute: MemoryLayout<Onnx_TensorProto>.stride + 1024
    case .tensor, .sparseTensor: 3 * MemoryLayout<Onnx_TensorProto>.stride + 256
    default: 256
    }
  }

  /// Bytes that a string of the field takes beside its text: the output of a node becomes a value of the graph, known in several tables.
  func textCost(_ field: Int) -> Int {
    if case (.node, 2) = (self, field) { 512 } else { 128 }
  }

  var title: String {
    switch self {
    case .model: "the model"
    case .graph: "the graph"
    case .node: "a node"
    case .attribute: "an attribute"
    case .tensor: "a tensor"
    case .sparseTensor: "a sparse tensor"
    case .valueInfo: "an input or output"
    case .type, .tensorType, .shape, .dimension: "the type of an input or output"
    case .operatorSet: "the operator set"
    case .entry: "a key and value"
    }
  }
}
