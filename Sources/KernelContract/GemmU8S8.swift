/// What a quantized product writes.
package enum QuantizedOutput: UInt32, BitwiseCopyable, Sendable {
  /// `clamp(round(acc · scales[n]) + zeroPoint, low, high)`, halves to even; `scales` = input · weight / output scale.
  case u8
  /// `f(acc · scales[n])` as f32; `scales` = input · weight scale.
  case f32
  /// `acc` itself as s32; `scales` is not read.
  case s32
}

/// How an exact s32 accumulator becomes an output element.
package struct Requantization: BitwiseCopyable, Sendable {
  package var output: QuantizedOutput
  package var zeroPoint: Int32
  /// The least and greatest code written, 0 … 255: a fused clamp such as relu is a narrower range.
  package var low: Int32
  package var high: Int32
  /// For `f32` output only.
  package var epilogue: Epilogue

  package static func u8(zeroPoint: Int32, low: Int32 = 0, high: Int32 = 255) -> Requantization {
    Requantization(output: .u8, zeroPoint: zeroPoint, low: low, high: high, epilogue: .none)
  }
  package static func f32(_ epilogue: Epilogue = .none) -> Requantization {
    Requantization(output: .f32, zeroPoint: 0, low: 0, high: 255, epilogue: epilogue)
  }
  package static let s32 = Requantization(output: .s32, zeroPoint: 0, low: 0, high: 255, epilogue: .none)
}

/// Convolution and fully connected layers of u8 activations with s8 weights, accumulated exactly in s32 (modulo 2³²).
///
/// `acc[p, n] = Σ in[pixel(p, t), k] · w[n, k, t] + bias[n]`; positions outside the image count as `inputZeroPoint`. With bias folded by
/// `GemmPacking.foldZeroPoint` that is the sum over (in − inputZeroPoint). Groups and geometry as for `GemmF32Descriptor`.
///
/// Buffers: output (u8, f32 or s32), input (u8).
package struct GemmU8S8Descriptor: StepDescriptor {
  package static let family = KernelFamily.gemmU8S8

  /// The first field, where the kernels expect it.
  package var geometry: Geometry
  package var groups: Int
  package var groupInChannels: Int
  package var groupOutChannels: Int
  package var inputZeroPoint: UInt8
  /// Packed by `GemmPacking(…).pack(s8:)`.
  package var weights: UnsafePointer<Int8>
  /// `GemmPacking.columnCount` values.
  package var bias: UnsafePointer<Int32>
  /// `GemmPacking.columnCount` values; for s32 output any pointer.
  package var scales: UnsafePointer<Float>
  package var requantization: Requantization
  /// Output pixels of one task.
  package var rowBlock: Int
  /// Panels of 16 output channels of one task.
  package var panelBlock: Int

  package init(
    geometry: Geometry, groups: Int = 1, groupInChannels: Int, groupOutChannels: Int, inputZeroPoint: UInt8, weights: UnsafePointer<Int8>,
    bias: UnsafePointer<Int32>, scales: UnsafePointer<Float>, requantization: Requantization, rowBlock: Int? = nil, panelBlock: Int? = nil
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
    let blocks = GemmBlocks(rows: geometry.outputPixels, columns: groupOutChannels, depth: groupInChannels * geometry.taps, elementBytes: 2)
    self.rowBlock = rowBlock ?? blocks.rows
    self.panelBlock = panelBlock ?? blocks.panels
  }

  package var packing: GemmPacking {
    GemmPacking(groups: groups, groupOutChannels: groupOutChannels, groupInChannels: groupInChannels, taps: geometry.taps)
  }

  package var rowBlocks: Int { blocks(geometry.outputPixels, of: rowBlock) }
  package var panelBlocks: Int { blocks(blocks(groupOutChannels, of: GemmPacking.panel), of: panelBlock) }
  package var taskCount: Int { rowBlocks * panelBlocks * groups }
  /// A task widens its rows to s16, side by side; then the sums of one tile.
  package var scratchBytes: Int { 2 * rowBlock * roundUp(groupInChannels * geometry.taps, to: 2) + 640 }
}
