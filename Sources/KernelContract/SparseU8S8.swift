/// Convolution, or a product with several rows, of u8 activations with s8 weights that are mostly zeros: no zero is multiplied, sums are exact.
///
/// The operation of `GemmU8S8Descriptor`, with its requantization, biases and zero points, on the same tensors (pixels with channels innermost, any
/// pixel strides). A kernel without the flag `anyCodes` adds pairs of products in 16 bits; `SparseCodesPacking` pairs weights such that
/// none can leave them.
///
/// A task is a tile of output positions of one image and group by a block of bands of output channels.
///
/// Buffers: output (u8, f32 or s32), input (u8).
package struct SparseU8S8Descriptor: StepDescriptor {
  package static let family = KernelFamily.sparseU8S8

  /// The first field, where the kernels expect it.
  package var geometry: Geometry
  package var form: SparseCodesForm
  package var inputZeroPoint: UInt8
  /// Written by `SparseCodesPacking.pack`.
  package var weights: UnsafeRawPointer
  /// One value for each output channel, zero points folded in.
  package var bias: UnsafePointer<Int32>
  /// One value for each output channel; for s32 output any pointer.
  package var scales: UnsafePointer<Float>
  package var requantization: Requantization
  /// Bands of one task.
  package var bandBlock: Int

  /// - Parameter threads: that will share the tasks.
  package init(
    geometry: Geometry, form: SparseCodesForm, inputZeroPoint: UInt8, weights: UnsafeRawPointer, bias: UnsafePointer<Int32>,
    scales: UnsafePointer<Float>, requantization: Requantization, threads: Int = 1
  ) {
    self.geometry = geometry
    self.form = form
    self.inputZeroPoint = inputZeroPoint
    self.weights = weights
    self.bias = bias
    self.scales = scales
    self.requantization = requantization
    // As few tasks as can be make a tile's panel.
    let tiles = max(1, geometry.batch &* form.tiles &* form.groups)
    var split = 1
    while split < form.bands && tiles &* split < 4 &* threads && threads > 1 { split &+= 1 }
    bandBlock = max(1, blocks(form.bands, of: split))
  }

  package var bandBlocks: Int { blocks(form.bands, of: bandBlock) }
  package var taskCount: Int {
    geometry.outputPixels == 0 || form.groupOutChannels == 0 ? 0 : geometry.batch &* form.tiles &* form.groups &* bandBlocks
  }

  /// A panel, sums of bands that wait or leave in another form than codes, codes of a band, where pixels lie, and a pixel of zero points.
  package var scratchBytes: Int {
    SparseCodesForm.codesBytes &+ 8 &* SparseCodesForm.pass &+ form.panelBytes &+ form.sumBytes &+ form.tableBytes
      &+ roundUp(form.groupInChannels, to: 64)
  }
}

/// How the packed weights of a sparse convolution of codes are cut up, as the kernel needs to know it; see `SparseCodesPacking`.
package struct SparseCodesForm: BitwiseCopyable, Sendable {
  package var groups: Int
  package var groupInChannels: Int
  package var groupOutChannels: Int
  /// Positions from one output line to the next: those behind the image's width belong to no pixel.
  package var pitch: Int
  /// Positions of an image.
  package var positions: Int
  /// Positions of a tile, a multiple of `pass`.
  package var tilePositions: Int
  /// Planes that a channel has in the panel, and bytes of one, a multiple of 32.
  package var planes: Int
  package var planeBytes: Int
  /// Input channels of a block, and blocks of a group.
  package var channelBlock: Int
  package var channelBlocks: Int
  /// Bytes from the packed weights' beginning; the planes are there.
  package var startsOffset: Int
  package var rowsOffset: Int
  package var recordsOffset: Int

  /// Positions whose sums are made together.
  package static var pass: Int { 64 }
  /// Output channels of a band; the last of a group may have fewer.
  package static var bandRows: Int { 64 }
  /// At most so many bands wait for the next block of channels with one panel.
  package static var sharedBands: Int { 16 }
  package static var codesBytes: Int { bandRows &* pass }
  /// Bytes of a record: four places in the panel, 16 bits each, and four weights.
  package static var recordBytes: Int { 12 }

  package var bands: Int { blocks(groupOutChannels, of: Self.bandRows) }
  package var tiles: Int { blocks(positions, of: tilePositions) }
  package var panelBytes: Int { roundUp(channelBlock &* planes &* planeBytes, to: 64) }
  package var tableBytes: Int { 8 &* planes &* planeBytes }
  package var sumBytes: Int { (channelBlocks > 1 ? min(bands, Self.sharedBands) : 1) &* Self.bandRows &* Self.pass &* 4 }
}

/// What a plane of the panel holds for position (y, x), x below the pitch: the input's line `strideY·y + line` and column `strideX·x + column`; the
/// zero point outside the image.
package struct SparseCodesPlane: BitwiseCopyable, Sendable {
  package var line: Int
  package var column: Int
}

/// Stored weights of one output channel of a band: records, four weights each.
package struct SparseCodesRow: BitwiseCopyable, Sendable {
  package var records: UInt32
  /// The channel, counted from the band's first.
  package var row: UInt32
}
