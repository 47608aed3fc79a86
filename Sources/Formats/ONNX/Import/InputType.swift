import Graph
import Tensors

/// The types that an ONNX file gives for the inputs of its graph.
enum InputType {
  /// Element type and extents. An extent that is left open is a symbol: its own name where the file gives one, so that equal names mean
  /// equal extents, else one made from the input's name and the position.
  static func type(of value: Onnx_ValueInfoProto) throws -> ValueType {
    guard case .tensorType(let tensor)? = value.type.value else {
      throw Failure(.unsupported, "the input '\(value.name)' is not a tensor")
    }
    let element = try ElementType(code: Int(tensor.elemType), of: "the input '\(value.name)'")
    guard tensor.hasShape else { return ValueType(element.dtype, nil) }
    guard tensor.shape.dim.count <= 64 else {
      throw Failure(.malformedFile, "the input '\(value.name)' has \(tensor.shape.dim.count) dimensions")
    }
    let shape = tensor.shape.dim.enumerated().map { axis, dim -> Dim in
      let unnamed = Dim.symbol("\(value.name)_dim\(axis)")
      switch dim.value {
      case .dimValue(let extent)? where extent > 0: return .fixed(Int(extent))
      case .dimParam(let name)? where !["", "?", "-1", "0", "None"].contains(name): return .symbol(name)
      default: return unnamed
      }
    }
    return ValueType(element.dtype, shape)
  }
}
