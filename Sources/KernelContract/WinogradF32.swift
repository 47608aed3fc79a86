/// 3 × 3 or 5 × 5 convolution, or one by 3, 5 or 7 taps down or across, of stride 1 in f32 by Winograd's minimal filtering (Lavin and Gray, "Fast Algorithms for Convolutional Neural
/// Networks", 2015): the same operation as `GemmF32Descriptor`, with fewer multiplications and other roundings.
///
/// The output is cut into tiles of `tile` × `tile` pixels. A tile sees `side`² input pixels, `side` = `tile` + window − 1; their transform has
/// as many *points*, and at each point the transformed inputs of all tiles times the transformed weights are one small product. `tile` is 2, 4
/// or 6 for a window of 3 × 3, 2 or 4 for one of 5 × 5; strides and dilations are 1, pads are any. Where the window is a single row or column,
/// so are the tile and what it sees: 4 or 6 pixels for 3 taps, 2 or 4 for 5, 2 for 7.
///
/// Buffers: output, input, residual (only with `hasResidual`; may be the output itself).
package struct WinogradF32Descriptor: StepDescriptor {
  package static let family = KernelFamily.winogradF32

  /// The first field, where the kernels expect it.
  package var geometry: Geometry
  package var groups: Int
  package var groupInChannels: Int
  package var groupOutChannels: Int
  /// Output pixels of a tile in each direction in which the window has an extent.
  package var tile: Int
  /// Packed by `WinogradPacking.pack`.
  package var weights: UnsafePointer<Float>
  /// `GemmPacking.columnCount` values, arranged by `packColumns`.
  package var bias: UnsafePointer<Float>
  package var epilogue: Epilogue
  package var hasResidual: Bool
  package var residualPixelStride: Int
  /// Tiles of one task.
  package var tileBlock: Int
  /// Panels of 16 output channels of one task.
  package var panelBlock: Int

  package init(
    geometry: Geometry, groups: Int = 1, groupInChannels: Int, groupOutChannels: Int, tile: Int, weights: UnsafePointer<Float>,
    bias: UnsafePointer<Float>, epilogue: Epilogue = .none, residualPixelStride: Int? = nil, tileBlock: Int, panelBlock: Int
  ) {
    self.geometry = geometry
    self.groups = groups
    self.groupInChannels = groupInChannels
    self.groupOutChannels = groupOutChannels
    self.tile = tile
    self.weights = weights
    self.bias = bias
    self.epilogue = epilogue
    hasResidual = residualPixelStride != nil
    self.residualPixelStride = residualPixelStride ?? 0
    self.tileBlock = tileBlock
    self.panelBlock = panelBlock
  }

  package var packing: WinogradPacking {
    WinogradPacking(
      tile: tile, windowHeight: geometry.kernelHeight, windowWidth: geometry.kernelWidth, groups: groups,
      groupOutChannels: groupOutChannels, groupInChannels: groupInChannels)
  }

  /// Output pixels of a tile, and input pixels that it sees, down and across.
  package var tileHeight: Int { geometry.kernelHeight == 1 ? 1 : tile }
  package var tileWidth: Int { geometry.kernelWidth == 1 ? 1 : tile }
  package var sideHeight: Int { tileHeight &+ geometry.kernelHeight &- 1 }
  package var sideWidth: Int { tileWidth &+ geometry.kernelWidth &- 1 }
  package var points: Int { sideHeight &* sideWidth }
  /// Tiles down and across one image.
  package var tilesDown: Int { blocks(geometry.outputHeight, of: tileHeight) }
  package var tilesAcross: Int { blocks(geometry.outputWidth, of: tileWidth) }
  package var tileCount: Int { geometry.batch &* tilesDown &* tilesAcross }
  package var panels: Int { blocks(groupOutChannels, of: GemmPacking.panel) }
  package var taskCount: Int { blocks(tileCount, of: tileBlock) * blocks(panels, of: panelBlock) * groups }

  // MARK: Scratch

  /// Floats between the channels of neighbouring tiles at one point of the transformed input.
  package var inputRowStride: Int { roundUp(groupInChannels, to: 16) }
  /// Floats between neighbouring points of the transformed input.
  package var inputPointStride: Int { Self.oddLines(tileBlock &* inputRowStride) }
  /// The same of the products before they are transformed back.
  package var productRowStride: Int { panelBlock &* GemmPacking.panel }
  package var productPointStride: Int { Self.oddLines(tileBlock &* productRowStride) }

  /// An odd number of cache lines: a transform then writes its points to different sets of the first-level cache.
  private static func oddLines(_ floats: Int) -> Int { (blocks(floats, of: 16) | 1) &* 16 }

  /// One pixel of zeros.
  package var zeroFloats: Int { roundUp(groupInChannels, to: 16) &+ 16 }
  /// A tile of sixteen channels between the two passes of a transform.
  package var betweenFloats: Int { 16 &* points }
  /// Pointers to the pixels of a tile, or to the rows of a product.
  package var pointerCount: Int { roundUp(max(points, tileBlock), to: 8) }

  /// Pointers, a pixel of zeros, a tile between its two passes, the transformed input, the products.
  package var scratchBytes: Int {
    let floats = zeroFloats &+ betweenFloats &+ points &* (inputPointStride &+ productPointStride)
    return 8 &* pointerCount &+ 4 &* floats
  }
}
