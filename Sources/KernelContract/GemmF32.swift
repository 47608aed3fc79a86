/// Convolution, fully connected layers and products with constant right-hand sides in f32, as one implicit GEMM.
///
/// Rows are output pixels, columns output channels: for each group
/// `out[p, n] = f(Σ over taps t, channels k of in[pixel(p, t), k] · w[n, k, t] + bias[n] (+ residual[p, n]))`. Positions outside the
/// image count as zero. Group g reads channels `g·groupInChannels…` of the input and writes `g·groupOutChannels…` of the output.
///
/// With `affine`, `out` is then multiplied and shifted column by column (a normalization behind the activation).
///
/// Buffers: output, input, residual (only with `hasResidual`; may be the output itself).
package struct GemmF32Descriptor: StepDescriptor {
  package static let family = KernelFamily.gemmF32

  /// The first field, where the kernels expect it.
  package var geometry: Geometry
  package var groups: Int
  package var groupInChannels: Int
  package var groupOutChannels: Int
  /// Packed by `GemmPacking(…).pack(f32:)`.
  package var weights: UnsafePointer<Float>
  /// `GemmPacking.columnCount` values, arranged by `packColumns`.
  package var bias: UnsafePointer<Float>
  package var epilogue: Epilogue
  /// `GemmPacking.columnCount` factors, then as many shifts, each arranged by `packColumns`: what the result of the activation is multiplied
  /// by, and what is added then. Only behind a clamp or a leaky ReLU, and without residual; nil: nothing.
  package var affine: UnsafePointer<Float>?
  package var hasResidual: Bool
  package var residualPixelStride: Int
  /// The input is dense NCHW instead of NHWC (`inputPixelStride` is not read). Meant for the first layer, groups = 1 only.
  package var inputIsNCHW: Bool
  /// The output is dense NCHW instead of NHWC (`outputPixelStride` is not read). Meant for the last layer; no residual.
  package var outputIsNCHW: Bool
  /// Output pixels of one task.
  package var rowBlock: Int
  /// Panels of 16 output channels of one task.
  package var panelBlock: Int

  package init(
    geometry: Geometry, groups: Int = 1, groupInChannels: Int, groupOutChannels: Int, weights: UnsafePointer<Float>,
    bias: UnsafePointer<Float>,
    epilogue: Epilogue = .none, affine: UnsafePointer<Float>? = nil, residualPixelStride: Int? = nil, inputIsNCHW: Bool = false,
    outputIsNCHW: Bool = false, rowBlock: Int? = nil, panelBlock: Int? = nil
  ) {
    self.geometry = geometry
    self.groups = groups
    self.groupInChannels = groupInChannels
    self.groupOutChannels = groupOutChannels
    self.weights = weights
    self.bias = bias
    self.epilogue = epilogue
    self.affine = affine
    hasResidual = residualPixelStride != nil
    self.residualPixelStride = residualPixelStride ?? 0
    self.inputIsNCHW = inputIsNCHW
    self.outputIsNCHW = outputIsNCHW
    let blocks = GemmBlocks(rows: geometry.outputPixels, columns: groupOutChannels, depth: groupInChannels * geometry.taps, elementBytes: 4)
    self.rowBlock = rowBlock ?? blocks.rows
    self.panelBlock = panelBlock ?? blocks.panels
  }

  package var packing: GemmPacking {
    GemmPacking(groups: groups, groupOutChannels: groupOutChannels, groupInChannels: groupInChannels, taps: geometry.taps)
  }

  /// Whether a task copies what its rows read before the product: where a tap has few channels to walk.
  package var gathersRows: Bool { inputIsNCHW || (geometry.taps > 1 && groupInChannels < 32) }

  /// Whether a task copies its pixels tile by tile, as the tiles walk them.
  package var packsTiles: Bool { inputIsNCHW && geometry.isPointwise }

  /// The lines that a task copies; nil where it copies nothing, or tiles, or every window by itself.
  package var lines: GemmLines? {
    gathersRows && !packsTiles ? GemmLines(geometry, channels: groupInChannels, isNCHW: inputIsNCHW, rowBlock: rowBlock) : nil
  }

  package var rowBlocks: Int { blocks(geometry.outputPixels, of: rowBlock) }
  package var panelBlocks: Int { blocks(blocks(groupOutChannels, of: GemmPacking.panel), of: panelBlock) }
  package var taskCount: Int { rowBlocks * panelBlocks * groups }

  /// Floats between the beginnings of packed tiles of at most `tallest` rows: whole vectors are written, the last one beyond the tile's end.
  package static func packedTileStride(channels: Int, tallest: Int) -> Int { tallest &* channels &+ 8 }

  /// Floats of a task's panel before it is written to the planes of the output.
  package var panelFloats: Int { outputIsNCHW ? rowBlock * GemmPacking.panel : 0 }

  /// A panel of results, where the output is NCHW; row pointers; then the places of terms and the copied lines, or as many copied rows or
  /// packed tiles, or a pixel of zeros. Enough for either kind of copy, so that a geometry cut down to fewer images or lines never needs more.
  package var scratchBytes: Int {
    let panel = 4 * panelFloats
    guard gathersRows else { return panel + 8 * rowBlock * geometry.taps + 4 * groupInChannels + 128 }
    let depth = groupInChannels * geometry.taps
    // Packed tiles are of 6 or 8 rows; the last ones may be lower.
    let packed = packsTiles ? (blocks(rowBlock, of: 6) + 1) * Self.packedTileStride(channels: depth, tallest: 8) : 0
    return panel + 8 * rowBlock + 8 * depth + 4 * max(packed, lines?.count ?? rowBlock * depth) + 192
  }
}

/// The task grid of a product when the plan has no better idea: blocks of rows whose input stays in the second-level cache.
package struct GemmBlocks: Sendable {
  package var rows: Int
  package var panels: Int

  package init(rows: Int, columns: Int, depth: Int, elementBytes: Int) {
    let panels = max(1, blocks(columns, of: GemmPacking.panel))
    let inCache = max(1, 131_072 / max(1, depth * elementBytes))
    let block = min(max(inCache / 6 * 6, 24), 192)
    self.rows = max(1, min(block, rows))
    // A product of few rows has its tasks in the columns.
    self.panels = rows <= 2 * block ? max(1, min(panels, 8)) : panels
  }
}
