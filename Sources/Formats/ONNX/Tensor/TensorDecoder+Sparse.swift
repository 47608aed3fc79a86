import Tensors

extension TensorDecoder {
  /// A sparse tensor as a weight with a bitmap. Its indices are linear ([count]) or coordinates ([count, rank]), ascending.
  func sparse(_ proto: Onnx_SparseTensorProto, _ what: String) throws -> Weight {
    let values = try tensor(proto.values, "the values of \(what)")
    let indices = try tensor(proto.indices, "the indices of \(what)")
    let shape = try TensorDecoder.shape(proto.dims, what)
    let total = shape.reduce(1, *)
    let isLinear = indices.shape == [values.count]
    guard values.shape.count == 1, indices.dtype == .s64, isLinear || indices.shape == [values.count, shape.count] else {
      throw Failure(.malformedFile, "\(what) has indices \(indices.shape) for values \(values.shape) and the shape \(shape)")
    }
    try budget.take((total + 7) / 8, for: what)
    let numbers = indices.elements(as: Int64.self)
    let width = isLinear ? 1 : shape.count
    let bitmap = try Tensor(.u8, [(total + 7) / 8]) { bits in
      var last = -1
      for element in 0..<values.count {
        var position = 0
        for axis in 0..<width {
          let index = Int(numbers[element * width + axis])
          let extent = isLinear ? total : shape[axis]
          guard index >= 0, index < extent else {
            throw Failure(.malformedFile, "index \(index) of \(what) is outside the shape \(shape)")
          }
          position = position * (isLinear ? 1 : extent) + index
        }
        guard position > last else { throw Failure(.malformedFile, "the indices of \(what) are not ascending") }
        last = position
        bits[position / 8] |= 1 << UInt8(position % 8)
      }
    }
    return try Weight(shape: shape, elements: .plain(values), arrangement: .bitmap(bitmap))
  }
}
