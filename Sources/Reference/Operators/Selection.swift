import Graph
import Tensors

extension ReferenceOperator {
  static let concat = ReferenceOperator(.concat) { call in
    let shape = call.shape()
    let axis = try call.context.axis(default: 0, rank: shape.count)
    let parts = try call.inputs.indices.map { try call.input($0) }
    let outer = shape[..<axis].reduce(1, *)
    let tensor = try Tensor(call.dtype, shape) { bytes in
      var place = 0
      for row in 0..<outer {
        for part in parts {
          // Everything from the axis on lies together in each part.
          let run = part.byteCount / outer
          UnsafeMutableRawBufferPointer(rebasing: bytes[place..<(place + run)])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: part.bytes[(row * run)..<((row + 1) * run)]))
          place += run
        }
      }
    }
    return [tensor]
  }

  static let split = ReferenceOperator(.split) { call in
    let x = try call.input(0)
    let axis = try call.context.axis(default: 0, rank: x.shape.count)
    let strides = Offsets.strides(x.shape)
    var begin = 0
    return try call.outputs.indices.map { index in
      let shape = call.shape(index)
      defer { begin += shape[axis] }
      return try x.picking(Offsets.walk(shape, strides: strides, base: begin * strides[axis]), shape: shape)
    }
  }

  static let slice = ReferenceOperator(.slice) { call in
    let x = try call.input(0)
    var strides = Offsets.strides(x.shape)
    var base = 0
    for (axis, range) in try call.context.sliceRanges().enumerated() {
      guard case let range?? = range, range.count > 0 else { continue }
      base += range.start * strides[axis]
      // A step is only taken where there is a second element.
      strides[axis] = range.count > 1 ? strides[axis] * range.step : 0
    }
    return [try x.picking(Offsets.walk(call.shape(), strides: strides, base: base), shape: call.shape())]
  }

  /// The axis is replaced by the indices' shape.
  static let gather = ReferenceOperator(.gather) { call in
    let (x, indices) = (try call.input(0), try call.input(1))
    let axis = try call.context.axis(default: 0, rank: x.shape.count)
    let extent = x.shape[axis]
    let (outer, inner) = (x.shape[..<axis].reduce(1, *), x.shape[(axis + 1)...].reduce(1, *))
    let chosen = try indices.ints().map { index in
      guard index >= -extent, index < extent else {
        throw Failure(.invalidArgument, "the index \(index) is outside an axis of \(extent)", node: call.node.name)
      }
      return index < 0 ? index + extent : index
    }
    var offsets: [Int] = []
    for row in 0..<outer { for index in chosen { offsets += (0..<inner).map { (row * extent + index) * inner + $0 } } }
    return [try x.picking(offsets, shape: call.shape())]
  }

  static let expand = ReferenceOperator(.expand) { call in
    let x = try call.input(0)
    return [try x.picking(Offsets.walk(call.shape(), strides: Broadcasting.strides(x.shape, to: call.shape())), shape: call.shape())]
  }

  /// Constant, reflect and edge padding; negative pads crop.
  static let pad = ReferenceOperator(.pad) { call in
    let x = try call.input(0)
    let mode = try call.node.attributes.string("mode", default: "constant")
    let axes = try call.context.ints(3).map { try call.context.normalized($0, rank: x.shape.count) } ?? Array(x.shape.indices)
    let pads = try call.context.ints(1) ?? []
    var begins = [Int](repeating: 0, count: x.shape.count)
    for (position, axis) in axes.enumerated() { begins[axis] = pads[position] }
    let (shape, strides) = (call.shape(), Offsets.strides(x.shape))
    var offsets = [0]
    for axis in shape.indices {
      let sources = (0..<shape[axis]).map { source($0 - begins[axis], extent: x.shape[axis], mode: mode) }
      offsets = offsets.flatMap { base in sources.map { base < 0 || $0 < 0 ? -1 : base + $0 * strides[axis] } }
    }
    return [try x.picking(offsets, shape: shape, filler: call.optional(2))]
  }

  /// Where the element at `position` comes from; −1: from nowhere.
  private static func source(_ position: Int, extent: Int, mode: String) -> Int {
    if position >= 0 && position < extent { return position }
    switch mode {
    case "edge": return position < 0 ? 0 : extent - 1
    case "reflect": return position < 0 ? -position : 2 * (extent - 1) - position
    default: return -1
    }
  }
}
