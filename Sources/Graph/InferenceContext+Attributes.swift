import Tensors

extension InferenceContext {
  /// `axis` counted from the front.
  package func normalized(_ axis: Int, rank: Int) throws -> Int {
    guard axis >= -rank, axis < rank else { throw failure("the axis \(axis) is outside a tensor of rank \(rank)") }
    return axis < 0 ? axis + rank : axis
  }

  /// The attribute `axis`, counted from the front.
  package func axis(default fallback: Int, rank: Int) throws -> Int {
    try normalized(node.attributes.int("axis", default: fallback), rank: rank)
  }

  /// `axes` counted from the front, refusing one that is named twice.
  package func normalized(_ axes: [Int], rank: Int) throws -> [Int] {
    var seen = Set<Int>()
    return try axes.map { axis in
      let position = try normalized(axis, rank: rank)
      guard seen.insert(position).inserted else { throw failure("the axis \(axis) is named twice") }
      return position
    }
  }

  /// An attribute that is a switch: 0 or 1.
  package func flag(_ name: String, default fallback: Bool = false) throws -> Bool {
    switch try node.attributes.int(name, default: fallback ? 1 : 0) {
    case 0: false
    case 1: true
    case let other: throw failure("the attribute '\(name)' must be 0 or 1, not \(other)")
    }
  }

  /// The type of input `position`, which must be floating point.
  package func floatType(_ position: Int) throws -> ValueType {
    let type = try type(position)
    guard type.dtype.isFloat else { throw failure("input \(position) must be floating point, it is \(type.dtype.name)") }
    return type
  }

  /// Refuses an input of another element type than `dtype`; an input left out is fine.
  package func require(_ position: Int, _ dtype: DType) throws {
    guard node.input(position) != nil else { return }
    let other = try type(position).dtype
    guard other == dtype else { throw failure("input \(position) is \(other.name) where \(dtype.name) is needed") }
  }

  /// Refuses an input that does not hold integers usable as axes, shapes or indices; an input left out is fine.
  package func requireIntegers(_ position: Int) throws {
    guard node.input(position) != nil else { return }
    let dtype = try type(position).dtype
    guard dtype == .s64 || dtype == .s32 else { throw failure("input \(position) must be s64 or s32, it is \(dtype.name)") }
  }

  /// Refuses known extents that differ.
  package func requireEqual(_ left: Dim, _ right: Dim, _ what: @autoclosure () -> String) throws {
    if let a = left.value, let b = right.value, a != b { throw failure("\(what()): \(a) against \(b)") }
  }

  /// An extent that depends on data: a symbol of this node's own.
  package func unknownDim(_ axis: Int) -> Dim {
    .derived("\(node.outputs.first.map { graph[$0].name } ?? node.name).\(axis)")
  }

  package func checked(_ dim: Dim?) throws -> Dim {
    guard let dim else { throw failure("an extent overflows") }
    return dim
  }
}
