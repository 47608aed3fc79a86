/// Convolution, or a product with several rows, whose weights are mostly zeros, in f32: no zero is multiplied.
///
/// The operation of `GemmF32Descriptor`, `out[p, n] = f(bias[n] + Σ w[n, k, t] · in[pixel(p, t), k] (+ residual[p, n]))`, where the sum runs over
/// the stored weights only. What lies outside the image counts as zero; a zero weight hides an infinity or NaN of the input, but for
/// those that are stored because other rows of their block are not zero.
///
/// The kernel works along pixels: tensors are meant to be planar (NCHW, pixel stride 1, channel stride of an image's pixels at least), so that a
/// vector holds neighbouring pixels of one channel. Every tensor is placed by three strides, its pixel's (of `Geometry`), its channel's and its
/// image's; rows of an image are dense in pixels. So NHWC is read and written as well, at the price of a transposition in the panel,
/// and a matrix [rows][channels] is an image of height 1 with the channels as pixel stride.
///
/// A task is a tile of output pixels of one image by a block of bands of output channels. An element's sum is made in the order of the stored
/// weights (from the bias on, channel by channel) whatever the task, so its bits do not depend on the number of threads nor on the batch.
///
/// Buffers: output, input, residual (only with `hasResidual`; may be the output itself).
package struct SparseF32Descriptor: StepDescriptor {
  package static let family = KernelFamily.sparseF32

  /// The first field, where the kernels expect it.
  package var geometry: Geometry
  package var form: SparseForm
  package var inputChannelStride: Int
  package var inputImageStride: Int
  package var outputChannelStride: Int
  package var outputImageStride: Int
  /// Written by `SparsePacking.pack`.
  package var weights: UnsafeRawPointer
  /// One value for each output channel.
  package var bias: UnsafePointer<Float>
  package var epilogue: Epilogue
  package var hasResidual: Bool
  /// The residual's pixel stride is the output's.
  package var residualChannelStride: Int
  package var residualImageStride: Int
  /// Bands of one task.
  package var bandBlock: Int
  /// A depthwise convolution in front: its result is what the weights see, and the input is its input. The form is then `SparseForm.fused`'s.
  package var hasDepthwise: Bool
  /// Read only with `hasDepthwise`.
  package var depthwise: SparseDepthwise

  /// Dense planar tensors, [image][channel][y][x], where the pixel strides are 1; otherwise dense NHWC with those pixel strides.
  package init(
    geometry: Geometry, packing: SparsePacking, weights: UnsafeRawPointer, bias: UnsafePointer<Float>, epilogue: Epilogue = .none,
    hasResidual: Bool = false, bandBlock: Int? = nil, depthwise: SparseDepthwise? = nil
  ) {
    self.geometry = geometry
    form = packing.form
    self.weights = weights
    self.bias = bias
    self.epilogue = epilogue
    self.hasResidual = hasResidual
    hasDepthwise = depthwise != nil
    self.depthwise = depthwise ?? SparseDepthwise(geometry: geometry, channels: 0, weights: bias, bias: bias)
    let seen = depthwise?.geometry ?? geometry
    let (inputPixels, outputPixels) = (seen.inputHeight &* seen.inputWidth, geometry.outputHeight &* geometry.outputWidth)
    let (inputs, outputs) = (form.groups &* form.groupInChannels, form.groups &* form.groupOutChannels)
    let (fromPlanes, toPlanes) = (geometry.inputPixelStride == 1, geometry.outputPixelStride == 1)
    inputChannelStride = fromPlanes ? inputPixels : 1
    inputImageStride = inputPixels &* (fromPlanes ? inputs : geometry.inputPixelStride)
    outputChannelStride = toPlanes ? outputPixels : 1
    outputImageStride = outputPixels &* (toPlanes ? outputs : geometry.outputPixelStride)
    (residualChannelStride, residualImageStride) = (outputChannelStride, outputImageStride)
    // About 16 tasks, so that they can be dealt out evenly; consecutive ones share their panel.
    self.bandBlock = 1
    let tiles = max(1, geometry.batch &* tilesPerImage &* form.groups)
    self.bandBlock = bandBlock ?? max(1, min(SparseForm.sharedBands, form.bands &* tiles / 16))
  }

  /// Bands of a task such that so many threads have equal shares, and as few tasks as can be make a tile's panel.
  package func fewestBandBlocks(threads: Int) -> Int {
    let tiles = max(1, geometry.batch &* tilesPerImage &* form.groups)
    var split = 1
    while split < form.bands && (tiles &* split) % threads != 0 && tiles &* split < 8 &* threads { split &+= 1 }
    return max(1, blocks(form.bands, of: split))
  }

  package var outputPixels: Int { geometry.outputHeight &* geometry.outputWidth }
  package var tilesPerImage: Int {
    form.spansLines
      ? blocks(geometry.outputWidth, of: 8) &* blocks(geometry.outputHeight, of: form.tileVectors)
      : blocks(outputPixels, of: form.tilePixels)
  }
  package var bandBlocks: Int { blocks(form.bands, of: bandBlock) }
  package var taskCount: Int { geometry.batch &* tilesPerImage &* form.groups &* bandBlocks }

  /// A panel, the sums of the bands that share it, and what a depthwise convolution in front needs.
  package var scratchBytes: Int {
    4 &* (form.panelFloats &+ min(form.bands, SparseForm.sharedBands) &* SparseForm.bandRows &* form.tilePixels)
      &+ (hasDepthwise ? depthwise.scratchBytes(form) : 0)
  }
}

/// How packed sparse weights are cut up, as the kernel needs to know it; see `SparsePacking`.
package struct SparseForm: BitwiseCopyable, Sendable {
  package var groups: Int
  package var groupInChannels: Int
  package var groupOutChannels: Int
  /// Vectors of eight pixels in a tile, 1 … 7.
  package var tileVectors: Int
  /// Whether a tile is eight pixels of each of `tileVectors` lines, one above the other, instead of consecutive pixels.
  package var spansLines: Bool
  /// Floats from one vector of a tile to the next in the panel: 8, or 16 where a line of the panel serves several columns of the window.
  package var lineFloats: Int
  /// Strips of the panel that a channel has.
  package var strips: Int
  /// Floats of a strip: the tile's lines, and where it spans lines of the image, the lines below that a window sees.
  package var stripFloats: Int
  /// Strips of a block, and blocks of a group.
  package var stripBlock: Int
  package var stripBlocks: Int
  /// 1 for pairs of rows; 2 or 4 for blocks of neighbouring rows that have their weights at the same places.
  package var rowBlock: Int
  /// Bytes from the packed weights' beginning.
  package var startsOffset: Int
  package var pairsOffset: Int
  package var quadsOffset: Int

  /// Rows that blocks are made of.
  package static var rowBlocks: [Int] { [2, 4] }
  /// Output channels of a band, the last of a group may have fewer.
  package static var bandRows: Int { 64 }
  /// At most so many bands are computed with one panel.
  package static var sharedBands: Int { 16 }

  /// Bytes of a `SparseQuad`, or of a block's record: where in the panel it is multiplied (bytes, `UInt32`), and a weight of each row.
  package var recordBytes: Int { rowBlock > 1 ? 4 &+ 4 &* rowBlock : MemoryLayout<SparseQuad>.stride }
  package var tilePixels: Int { 8 &* tileVectors }
  /// Floats of the strip of zeros before the others.
  package var zeroFloats: Int { lineFloats &* tileVectors }
  package var bands: Int { blocks(groupOutChannels, of: Self.bandRows) }
  /// A strip of zeros, those of a block, and eight floats that are spilled; whole cache lines.
  package var panelFloats: Int { roundUp(zeroFloats &+ stripBlock &* stripFloats &+ 8, to: 16) }
}

/// What a strip holds of a channel: for the tile's pixel (y, x), and for lines below the tile where the form spans lines, the input's line
/// `strideY·y + line` and column `strideX·x + column`; zeros outside the image. Lines of 16 floats go on with the columns to the right.
package struct SparseStrip: BitwiseCopyable, Sendable {
  package var line: Int
  package var column: Int
}

/// Two stored weights of each of two rows: row a, row b, row a, row b.
package struct SparseQuad: BitwiseCopyable {
  /// Where in the panel each is multiplied: bytes, in this order from the lowest 16 bits on.
  package var offsets: UInt64
  package var values: (Float, Float, Float, Float)
}

/// Two output channels of a band whose weights are stored together, or the first and the last of a block of rows.
package struct SparsePair: BitwiseCopyable {
  package var quads: UInt32
  /// Channels, counted from the band's first. An odd channel out is its own partner; its weights are
  /// in row a, and row b is empty.
  package var a: UInt16
  package var b: UInt16
}
