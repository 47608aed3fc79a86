/// The weights of an integer Winograd convolution, transformed: what the plan writes once and the kernel reads.
///
///     [group][panel of 16 output channels][point][pair of input channels][16][2]      s16
///
/// A 3 × 3 filter g becomes G·g·Gᵀ with the rows of G scaled to integers: 1, 0, 0 / −1, −1, −1 / −1, 1, −1 / 1, 2, 4 / 1, −2, 4 / 0, 0, 1 (nodes 0, ±1,
/// ±2, ∞). Its largest entry is 49 · 128. The last panel of a group and an odd last channel are filled up with zeros.
package struct WinogradCodesPacking: Sendable {
  /// Output pixels of a tile in each direction, and the input pixels that it sees.
  package static var tile: Int { 4 }
  package static var side: Int { 6 }
  package static var points: Int { 36 }

  package var groups: Int
  package var groupOutChannels: Int
  package var groupInChannels: Int

  package init(groups: Int = 1, groupOutChannels: Int, groupInChannels: Int) {
    self.groups = groups
    self.groupOutChannels = groupOutChannels
    self.groupInChannels = groupInChannels
  }

  package var panels: Int { blocks(groupOutChannels, of: GemmPacking.panel) }
  package var pairs: Int { blocks(groupInChannels, of: 2) }
  /// Elements of one panel.
  package var panelCount: Int { Self.points * pairs * GemmPacking.panel * 2 }
  /// Elements of the packed weights.
  package var weightCount: Int { groups * panels * panelCount }

  /// Whether every sum of 255 times weights of one sign stays within 2²⁵, so that sums known modulo 2²⁶ are known.
  ///
  /// The way back from the products divides by up to 576 = 9 · 2⁶ what is known modulo 2³²: 9 has an inverse there, 2⁶ costs as many bits.
  /// - Parameter source: [output channel][input channel][3][3]
  package func fits(_ source: UnsafePointer<Int8>) -> Bool {
    let depth = 9 * groupInChannels
    for channel in 0..<groups * groupOutChannels {
      var (positive, negative) = (0, 0)
      for index in channel * depth..<(channel + 1) * depth {
        positive += max(0, Int(source[index]))
        negative -= min(0, Int(source[index]))
      }
      if 255 * max(positive, negative) >= 1 << 25 { return false }
    }
    return true
  }

  /// Writes `weightCount` elements.
  /// - Parameter source: [output channel][input channel][3][3]
  package func pack(_ source: UnsafePointer<Int8>, into target: UnsafeMutablePointer<Int16>) {
    let panel = GemmPacking.panel
    target.update(repeating: 0, count: weightCount)
    for group in 0..<groups {
      for output in 0..<groupOutChannels {
        let place = target + ((group * panels + output / panel) * panelCount + output % panel * 2)
        for input in 0..<groupInChannels {
          let filter = source + ((group * groupOutChannels + output) * groupInChannels + input) * 9
          let to = place + (input / 2 * panel * 2 + input % 2)
          var half: (SIMD8<Int32>, SIMD8<Int32>, SIMD8<Int32>) = (.zero, .zero, .zero)
          half.0 = Self.spread(Int32(filter[0]), Int32(filter[3]), Int32(filter[6]))
          half.1 = Self.spread(Int32(filter[1]), Int32(filter[4]), Int32(filter[7]))
          half.2 = Self.spread(Int32(filter[2]), Int32(filter[5]), Int32(filter[8]))
          for row in 0..<6 {
            let values = Self.spread(half.0[row], half.1[row], half.2[row])
            for column in 0..<6 { to[(row * 6 + column) * pairs * panel * 2] = Int16(truncatingIfNeeded: values[column]) }
          }
        }
      }
    }
  }

  /// G times a column of three; the last two lanes are nothing.
  private static func spread(_ a: Int32, _ b: Int32, _ c: Int32) -> SIMD8<Int32> {
    SIMD8(a, 0 &- a &- b &- c, b &- a &- c, a &+ 2 &* b &+ 4 &* c, a &- 2 &* b &+ 4 &* c, c, 0, 0)
  }
}

/// 3 × 3 convolution of stride 1 of u8 activations with s8 weights by Winograd's minimal filtering in tiles of 4 × 4, exact: the same operation
/// and the same bits as `GemmU8S8Descriptor`, with a quarter of its multiplications.
///
/// Transformed activations are at most 12750 and weights 6272 in magnitude, so that their products go in 16 bits (`vpmaddwd`). The sums of
/// those wrap at 2³², and so does the way back, which gives multiples of the convolution's sums: what these are follows if they are within
/// ±2²⁵ (`WinogradCodesPacking.fits`). Strides and dilations are 1, pads are any; what lies outside the image counts as `inputZeroPoint`.
///
/// Buffers: output (u8, f32 or s32), input (u8).
package struct WinogradU8S8Descriptor: StepDescriptor {
  package static let family = KernelFamily.winogradU8S8

  /// The first field, where the kernels expect it.
  package var geometry: Geometry
  package var groups: Int
  package var groupInChannels: Int
  package var groupOutChannels: Int
  package var inputZeroPoint: UInt8
  /// Packed by `WinogradCodesPacking.pack`.
  package var weights: UnsafePointer<Int16>
  /// `GemmPacking.columnCount` values, as for `GemmU8S8Descriptor`.
  package var bias: UnsafePointer<Int32>
  /// `GemmPacking.columnCount` values; for s32 output any pointer.
  package var scales: UnsafePointer<Float>
  package var requantization: Requantization
  /// Tiles of one task.
  package var tileBlock: Int
  /// Panels of 16 output channels of one task.
  package var panelBlock: Int

  package init(
    geometry: Geometry, groups: Int = 1, groupInChannels: Int, groupOutChannels: Int, inputZeroPoint: UInt8, weights: UnsafePointer<Int16>,
    bias: UnsafePointer<Int32>, scales: UnsafePointer<Float>, requantization: Requantization, tileBlock: Int, panelBlock: Int
  ) {
    self.geometry = geometry
    self.groups = groups
    self.groupInChannels = groupInChannels
    self.groupOutChannels = groupOutChannels
    self.inputZeroPoint = inputZeroPoint
    self.weights = weights
    self.bias = bias
    self.scales = scales
    self.requantization = requantization
    self.tileBlock = tileBlock
    self.panelBlock = panelBlock
  }

  package var packing: WinogradCodesPacking {
    WinogradCodesPacking(groups: groups, groupOutChannels: groupOutChannels, groupInChannels: groupInChannels)
  }

  /// Tiles down and across one image.
  package var tilesDown: Int { blocks(geometry.outputHeight, of: WinogradCodesPacking.tile) }
  package var tilesAcross: Int { blocks(geometry.outputWidth, of: WinogradCodesPacking.tile) }
  package var tileCount: Int { geometry.batch &* tilesDown &* tilesAcross }
  package var panels: Int { blocks(groupOutChannels, of: GemmPacking.panel) }
  package var taskCount: Int { blocks(tileCount, of: tileBlock) * blocks(panels, of: panelBlock) * groups }

  // MARK: Scratch

  /// 16-bit elements between neighbouring tiles at one point of the transformed input.
  package var inputRowStride: Int { roundUp(groupInChannels, to: 16) }
  /// The same between points: an odd number of cache lines, so that a transform writes to different sets of the first-level cache.
  package var inputPointStride: Int { (blocks(tileBlock &* inputRowStride, of: 32) | 1) &* 32 }
  /// 32-bit products between points: 16 a tile.
  package var productPointStride: Int { (tileBlock | 1) &* 16 }
  /// Bytes of a pixel of zero points.
  package var paddingBytes: Int { roundUp(groupInChannels, to: 64) }
  /// Pointers to the pixels that a tile sees.
  package static var tableBytes: Int { 320 }
  /// A tile between the two passes of a transform, and four pixels of sums.
  package static var betweenBytes: Int { 1536 &+ 256 }

  package var scratchBytes: Int {
    Self.tableBytes &+ paddingBytes &+ Self.betweenBytes &+ WinogradCodesPacking.points
      &* (2 &* inputPointStride &+ 4 &* productPointStride)
  }
}
