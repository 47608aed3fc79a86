import Tensors

extension Weight {
  /// The weight with only these positions along `axis`, in this order; encoded as before, arranged as is smallest.
  func taking(_ positions: [Int], axis: Int) throws -> Weight {
    // Groups of what is left would not be those that the codes were made for.
    if quantization?.group?.axis == axis { return try Weight(decoded()).taking(positions, axis: axis) }
    var shape = shape
    let (extent, inner) = (shape[axis], shape[(axis + 1)...].reduce(1, *))
    let outer = shape[..<axis].reduce(1, *)
    shape[axis] = positions.count
    return try rearranged(shape, scales: quantization?.axis == axis ? positions : nil, run: inner) { copy in
      for row in 0..<outer {
        for (place, position) in positions.enumerated() { copy(row * positions.count + place, row * extent + position) }
      }
    }
  }

  /// A weight [M, C/groups, …] of which each group of rows keeps columns of its own, equally many.
  func takingColumns(_ columns: [[Int]]) throws -> Weight {
    if quantization?.group != nil { return try Weight(decoded()).takingColumns(columns) }
    var shape = shape
    let (rows, extent, inner) = (shape[0], shape[1], shape[2...].reduce(1, *))
    let count = columns.first?.count ?? 0
    shape[1] = count
    let size = max(rows / max(columns.count, 1), 1)
    return try rearranged(shape, scales: nil, run: inner) { copy in
      for row in 0..<rows {
        for (place, column) in columns[min(row / size, columns.count - 1)].enumerated() { copy(row * count + place, row * extent + column) }
      }
    }
  }

  /// A weight of another shape put together from runs of `run` elements of this one.
  private func rearranged(
    _ shape: [Int], scales: [Int]?, run: Int, _ body: (_ copy: (_ to: Int, _ from: Int) -> Void) -> Void
  ) throws -> Weight {
    let dense = try expanded()
    let stored = dense.elements.stored
    let width = stored.dtype.byteCount * run
    let tensor = try Tensor(stored.dtype, shape) { out in
      body { to, from in
        UnsafeMutableRawBufferPointer(rebasing: out[to * width..<(to + 1) * width])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: stored.bytes[from * width..<(from + 1) * width]))
      }
    }
    guard case .affine(_, var quantization) = elements else { return isDense ? Weight(tensor) : try Weight(tensor).compacted() }
    if let scales {
      let groups = quantization.group.map { $0.count(over: shape[$0.axis]) } ?? 1
      let places = scales.flatMap { $0 * groups..<($0 + 1) * groups }
      quantization = try AffineQuantization(
        scales: places.map { quantization.scales[$0] }, zeroPoints: places.map { quantization.zeroPoints[$0] }, axis: quantization.axis,
        bits: quantization.bits, group: quantization.group)
    }
    let weight = try Weight(shape: shape, elements: .affine(codes: tensor, quantization), arrangement: .dense)
    return isDense ? weight : try weight.compacted()
  }
}
