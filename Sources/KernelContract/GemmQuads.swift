extension GemmPacking {
  /// Bytes of 8-bit weights packed in quads.
  package var quadBytes: Int { columnCount * roundUp(depth, to: 4) }

  /// Writes `quadBytes`: `[group][panel of 16 output channels][quad of depth][16][4]`, depth as for `pack(s8:)` and filled up with zeros.
  package func pack(quads source: UnsafePointer<Int8>, _ strides: Strides, into target: UnsafeMutablePointer<Int8>) {
    let padded = roundUp(depth, to: 4)
    for panel in 0..<groups * panels {
      let column = panel % panels * Self.panel
      let width = min(Self.panel, groupOutChannels - column)
      let from = source + (panel / panels * groupOutChannels + column) * strides.output
      let to = target + panel * Self.panel * padded
      to.update(repeating: 0, count: Self.panel * padded)
      var place = 0
      for tap in 0..<taps {
        for input in 0..<groupInChannels {
          let term = from + (tap * strides.tap + input * strides.input)
          let quad = to + (place / 4 * Self.panel * 4 + place % 4)
          for lane in 0..<width { quad[4 * lane] = term[lane * strides.output] }
          place += 1
        }
      }
    }
  }

  /// Whether no pair of terms can leave 16 bits: of neighbours in depth, terms 2i and 2i + 1, the positive weights add up to at most 128,
  /// and so do the negative ones' magnitudes. 255 · 128 = 32640.
  package func fitsQuads(_ source: UnsafePointer<Int8>, _ strides: Strides) -> Bool {
    for channel in 0..<groups * groupOutChannels {
      let row = source + channel * strides.output
      var first = 0
      var place = 0
      for tap in 0..<taps {
        for input in 0..<groupInChannels {
          let weight = Int(row[tap * strides.tap + input * strides.input])
          if place % 2 == 0 {
            first = weight
          } else if max(first, 0) + max(weight, 0) > 128 || min(first, 0) + min(weight, 0) < -128 {
            return false
          }
          place += 1
        }
      }
    }
    return true
  }
}

/// `GemmU8S8Descriptor` with weights packed in quads: four products to a sum of 32 bits at once, and activations as they are, in 8 bits.
///
/// A kernel without the flag `anyCodes` adds pairs of products in 16 bits that saturate, and is exact for weights that
/// `GemmPacking.fitsQuads` only; from others their excess is taken, whose products it adds. A kernel with the flag looks at no excess. Rows are read where they lie where they are pixels whose channels make up whole quads, and copied otherwise.
package struct GemmQuadsU8S8Descriptor: StepDescriptor {
  package static let family = KernelFamily.gemmQuadsU8S8

  /// The first field, whose first field kernels expect to be the geometry. `weights` are packed by `GemmPacking.pack(quads:)`.
  package var product: GemmU8S8Descriptor
  /// Written by `GemmPacking.takeExcess`; nil: there is none.
  package var excess: UnsafePointer<Int32>?

  package init(_ product: GemmU8S8Descriptor, excess: UnsafePointer<Int32>? = nil) {
    self.product = product
    self.excess = excess
  }

  /// Whether a task copies its rows.
  package var copiesRows: Bool {
    GemmQuadsU8S8Descriptor.copiesRows(product.geometry, channels: product.groupInChannels)
  }

  package static func copiesRows(_ geometry: Geometry, channels: Int) -> Bool { !geometry.isPointwise || channels % 4 != 0 }

  /// Bytes at the beginning of the scratch for the sums of a tile: at most 8 rows of 32.
  package static var sumBytes: Int { 1024 }

  package var taskCount: Int { product.taskCount }
  package var depth: Int { roundUp(product.groupInChannels &* product.geometry.taps, to: 4) }
  /// Rows that a task copied, up to a cache line.
  package var copiedBytes: Int { copiesRows ? roundUp(product.rowBlock &* depth, to: 64) : 0 }
  /// The sums of the excesses of sixteen rows, by columns and by rows, and a task's rows by sixteens.
  package var excessBytes: Int { excess == nil ? 0 : 2048 &+ roundUp(product.rowBlock, to: 16) &* depth }
  package var scratchBytes: Int { Self.sumBytes &+ copiedBytes &+ excessBytes }
}
