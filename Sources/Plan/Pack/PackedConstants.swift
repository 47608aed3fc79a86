import Graph
import KernelContract
import Tensors

/// What tells one packed form of a constant from another, so that nodes that share weights share their packing.
struct PackKey: Hashable {
  var value: ValueID
  var form: String
}

extension PlanBuilder {
  /// The packed form of a constant, made by `pack` the first time it is asked for.
  func packed(_ value: ValueID, _ form: String, _ pack: () throws -> UnsafeRawPointer) throws -> UnsafeRawPointer {
    let key = PackKey(value: value, form: form)
    if let known = packed[key] { return known }
    let made = try pack()
    packed[key] = made
    return made
  }

  /// The constant at an input, decoded to f32.
  /// - Throws: `unsupported` where it is computed at run time.
  func constantFloats(_ position: Int, _ what: String) throws -> [Float] {
    guard let tensor = try graph.constant(node, position) else { throw unsupported("the \(what) must be constant") }
    return tensor.floats()
  }

  /// The bias at an input, one value for each of `count` channels; zeros where it is left out.
  func bias(_ position: Int, count: Int) throws -> [Float] {
    guard node.input(position) != nil else { return [Float](repeating: 0, count: count) }
    let values = try constantFloats(position, "bias")
    guard values.count == count else { throw Failure(.shapeMismatch, "the bias has \(values.count) values, not \(count)", node: node.name) }
    return values
  }

  /// Weights for the f32 product, packed; `scale` multiplies them.
  func packedWeights(_ value: ValueID, _ packing: GemmPacking, _ strides: GemmPacking.Strides, scale: Float = 1) throws -> UnsafePointer<
    Float
  > {
    let form = "gemm \(packing.groups) \(packing.groupOutChannels) \(packing.groupInChannels) \(packing.taps) \(strides) \(scale)"
    return try packed(value, form) {
      guard let weight = graph[value].constant else { throw unsupported("the weights must be constant") }
      let decoded = try weight.decoded()
      let target = try memory.constant(byteCount: packing.f32Bytes)
      let packed = target.bindMemory(to: Float.self, capacity: packing.f32Bytes / 4)
      // Large weights are packed from where they lie: a copy would make the peak of memory half as high again.
      if decoded.dtype == .f32, scale == 1, let base = decoded.elements(as: Float.self).baseAddress {
        withExtendedLifetime(decoded) { packing.pack(f32: base, strides, into: packed) }
      } else {
        var floats = decoded.floats()
        if scale != 1 { for index in floats.indices { floats[index] *= scale } }
        floats.withUnsafeBufferPointer { source in
          if let base = source.baseAddress { packing.pack(f32: base, strides, into: packed) }
        }
      }
      return UnsafeRawPointer(target)
    }.assumingMemoryBound(to: Float.self)
  }

  /// A per-column array of a product, in the packed order.
  func packedColumns<T: BitwiseCopyable>(_ values: [T], fill: T, _ packing: GemmPacking) throws -> UnsafePointer<T> {
    let target = try memory.constant(byteCount: packing.columnCount * MemoryLayout<T>.stride).bindMemory(
      to: T.self, capacity: packing.columnCount)
    values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { packing.packColumns(base, fill: fill, into: target) }
    }
    return UnsafePointer(target)
  }

  /// A per-channel array of a depthwise convolution.
  func packedColumns<T: BitwiseCopyable>(_ values: [T], fill: T, _ packing: DepthwisePacking) throws -> UnsafePointer<T> {
    let target = try memory.constant(byteCount: packing.columnCount * MemoryLayout<T>.stride).bindMemory(
      to: T.self, capacity: packing.columnCount)
    values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { packing.packColumns(base, fill: fill, into: target) }
    }
    return UnsafePointer(target)
  }
}
