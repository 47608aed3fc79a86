import KernelContract

/// Where the weights of a fully connected layer are that are not zero.
enum SparsePattern {
  /// Anywhere.
  case percent(Int)
  /// So many of so many neighbouring columns, in each row others.
  case kept(Int, of: Int)
  /// In whole columns of so many neighbouring rows.
  case blocks(Int, percent: Int)

  var percent: Int {
    switch self {
    case .percent(let percent), .blocks(_, let percent): percent
    case .kept(let kept, let group): 100 * kept / group
    }
  }

  var name: String {
    switch self {
    case .percent: "anywhere"
    case .kept(let kept, let group): "\(kept):\(group)"
    case .blocks(let rows, _): "blocks of \(rows) rows"
    }
  }

  /// The weights of a layer, [out][in][tap]; each tap by itself.
  func weights(_ layer: Layer) -> Buffer {
    let (rows, depth, taps) = (layer.outChannels, layer.inChannels, layer.kernel * layer.kernel)
    let buffer = Buffer(bytes: 4 * rows * depth * taps)
    let floats = buffer.pointer(Float.self)
    var state: UInt64 = 1
    func draw(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(count))
    }
    for row in 0..<rows {
      for k in 0..<depth {
        for tap in 0..<taps {
          let place = (row * depth + k) * taps + tap
          switch self {
          case .percent(let percent): if draw(100) < percent { floats[place] = 0.01 }
          case .kept(let kept, let group):
            if k % group > 0 { continue }
            var left = min(kept, depth - k)
            while left > 0 {
              let one = place + draw(min(group, depth - k)) * taps
              if floats[one] == 0 { (floats[one], left) = (0.01, left - 1) }
            }
          case .blocks(let size, let percent):
            if row % size > 0 {
              floats[place] = floats[place - depth * taps]
            } else if draw(100) < percent {
              floats[place] = 0.01
            }
          }
        }
      }
    }
    return buffer
  }
}

extension SparseComparison {
  /// Fully connected layers at batch 1, by each kernel for them.
  func vectors() {
    let isWide = entries.first { $0.family == .sparseBlocksF32 }.map { $0.tile.columns > 1 } ?? false
    let patterns: [SparsePattern] = [
      .percent(9), .kept(2, of: 4), .kept(1, of: 4), .kept(4, of: 8), .kept(2, of: 8), .kept(1, of: 8), .blocks(8, percent: 10),
      .blocks(4, percent: 10),
    ]
    for (depth, rows, patterns) in [
      (4096, 4096, patterns), (25088, 4096, [.percent(4)]), (1024, 1000, patterns), (2048, 1000, patterns),
    ] {
      let dense = [productF32Case(Layer(name: "", size: 1, inChannels: depth, outChannels: rows, kernel: 1))]
      for pattern in patterns {
        let layer = Layer(name: "fc \(depth)→\(rows) \(pattern.name)", size: 1, inChannels: depth, outChannels: rows, kernel: 1)
        compare(layer, pattern.percent, dense, fetchedCase(layer, pattern))
        if isWide { compare(layer, pattern.percent, dense, pickedCase(layer, pattern)) }
        compare(layer, pattern.percent, dense, lanesCase(layer, pattern))
      }
    }
  }
}

/// A fully connected layer at batch 1 that fetches elements of the vector one by one.
func fetchedCase(_ layer: Layer, _ pattern: SparsePattern) -> Case {
  let weights = pattern.weights(layer)
  let strides = GemmPacking.Strides(output: layer.inChannels, input: 1)
  let packing = SparseVectorPacking(rows: layer.outChannels, depth: layer.inChannels, weights.pointer(), strides)
  return vectorCase(SparseVectorF32Descriptor.self, "fetched", layer, packing, weights, strides)
}

/// One that picks them from registers, 16 at once.
func pickedCase(_ layer: Layer, _ pattern: SparsePattern) -> Case {
  let weights = pattern.weights(layer)
  let strides = GemmPacking.Strides(output: layer.inChannels, input: 1)
  let packing = SparseBlocksPacking(rows: layer.outChannels, depth: layer.inChannels, weights.pointer(), strides)
  let name = "blocks of \(packing.form.columns), \(100 * packing.stored / max(1, 16 * packing.steps)) % full"
  return vectorCase(SparseBlocksF32Descriptor.self, name, layer, packing, weights, strides)
}

/// One with eight rows in lanes.
func lanesCase(_ layer: Layer, _ pattern: SparsePattern) -> Case {
  let weights = pattern.weights(layer)
  let strides = GemmPacking.Strides(output: layer.inChannels, input: 1)
  let packing = SparseLanesPacking(rows: layer.outChannels, depth: layer.inChannels, weights.pointer(), strides)
  let name = "lanes, \(100 * packing.stored / max(1, 8 * packing.slots)) % full"
  return vectorCase(SparseLanesF32Descriptor.self, name, layer, packing, weights, strides)
}

private func vectorCase<D: SparseVectorProduct>(
  _ type: D.Type, _ name: String, _ layer: Layer, _ packing: D.Packing, _ weights: Buffer, _ strides: GemmPacking.Strides
) -> Case {
  let packed = Buffer(bytes: packing.byteCount)
  packing.pack(weights.pointer(), strides, into: packed.base)
  weights.free()
  let descriptor = D(packing: packing, weights: packed.base, bias: Buffer.floats(packing.rows).pointer(), epilogue: .relu)
  return Case(
    name, macs: layer.macs, bytes: Double(packing.byteCount + 4 * (packing.rows + packing.depth)), descriptor,
    [.floats(packing.rows), .floats(packing.depth)])
}
