/// A 3 × 3 convolution of stride 1 by coefficients of Winograd's transform that are mostly zeros, in f32: no zero is multiplied.
///
/// With the points and matrices of `WinogradF32Descriptor`: the products of every point are those of a pointwise `SparseF32Descriptor` over tiles
/// instead of pixels, each point being a group of one `SparsePacking`. Tensors are planar (NCHW), as `SparseF32Descriptor` has them.
///
/// A task is a block of tiles of one image, some lines of tiles or a part of one line, by a block of bands of output channels. The sum of a point
/// is made in the order of its stored coefficients whatever the task, so results depend on neither threads nor batch.
///
/// Buffers: output, input, residual (only with `hasResidual`; may be the output itself).
package struct SparseWinogradF32Descriptor: StepDescriptor {
  package static let family = KernelFamily.sparseWinogradF32

  /// The first field, where the kernels expect it; its pixel strides are 1.
  package var geometry: Geometry
  /// Output pixels of a tile in each direction: 2 or 4.
  package var tile: Int
  /// Of the coefficients: its groups are the points, its pixels tiles.
  package var form: SparseForm
  package var input: Planes
  package var output: Planes
  package var residual: Planes
  package var hasResidual: Bool
  /// Written by `SparsePacking.pack`.
  package var weights: UnsafeRawPointer
  /// One value for each output channel.
  package var bias: UnsafePointer<Float>
  package var epilogue: Epilogue
  /// Lines of tiles of a block and tiles of each: together at most `form.tilePixels`.
  package var blockLines: Int
  package var blockColumns: Int
  /// Bands of 64 output channels of a task.
  package var bandBlock: Int

  /// - Parameter threads: that bands are dealt out to where blocks of tiles are too few.
  package init(
    geometry: Geometry, tile: Int, packing: SparsePacking, input: Planes, output: Planes, residual: Planes? = nil,
    weights: UnsafeRawPointer, bias: UnsafePointer<Float>, epilogue: Epilogue = .none, threads: Int = 1
  ) {
    self.geometry = geometry
    self.tile = tile
    form = packing.form
    self.input = input
    self.output = output
    self.residual = residual ?? output
    hasResidual = residual != nil
    self.weights = weights
    self.bias = bias
    self.epilogue = epilogue
    (blockLines, blockColumns) = Self.block(geometry, tile: tile, tileVectors: form.tileVectors)
    bandBlock = 1
    let wanted = threads == 1 ? 1 : blocks(2 * threads, of: max(1, geometry.batch &* blocksPerImage))
    bandBlock = max(1, blocks(form.bands, of: min(wanted, threads, max(1, form.bands))))
  }

  /// Lines and columns of tiles of a block that is at most `tileVectors` vectors.
  package static func block(_ g: Geometry, tile: Int, tileVectors: Int) -> (lines: Int, columns: Int) {
    let (down, across) = (max(1, blocks(g.outputHeight, of: tile)), max(1, blocks(g.outputWidth, of: tile)))
    let most = 8 * tileVectors
    if across > most { return (1, blocks(across, of: blocks(across, of: most))) }
    return (blocks(down, of: blocks(down, of: max(1, most / across))), across)
  }

  /// The vectors of a tile of the packing such that blocks of whole lines are about full; a weight costs some vectors beside its own.
  package static func bestVectors(_ g: Geometry, tile: Int) -> Int {
    let (down, across) = (max(1, blocks(g.outputHeight, of: tile)), max(1, blocks(g.outputWidth, of: tile)))
    func cost(_ vectors: Int) -> Double {
      let block = block(g, tile: tile, tileVectors: vectors)
      func pass(_ lines: Int, _ columns: Int) -> Double { lines * columns == 0 ? 0 : Double(blocks(lines * columns, of: 8)) + 2.2 }
      func passes(_ columns: Int) -> Double { Double(down / block.lines) * pass(block.lines, columns) + pass(down % block.lines, columns) }
      return Double(across / block.columns) * passes(block.columns) + passes(across % block.columns)
    }
    return (1...7).min { (cost($0), $1) < (cost($1), $0) } ?? 7
  }

  /// The pointwise layer that a point is, for `SparsePacking`: tiles are its pixels.
  package static func points(of g: Geometry, tile: Int) -> Geometry {
    .matrix(rows: blocks(g.outputHeight, of: tile) &* blocks(g.outputWidth, of: tile), inputStride: 1, outputStride: 1)
  }

  package var side: Int { tile &+ 2 }
  package var points: Int { side &* side }
  package var tilesDown: Int { blocks(geometry.outputHeight, of: tile) }
  package var tilesAcross: Int { blocks(geometry.outputWidth, of: tile) }
  package var blocksPerImage: Int { blocks(tilesDown, of: blockLines) &* blocks(tilesAcross, of: blockColumns) }
  package var bandBlocks: Int { blocks(form.bands, of: bandBlock) }
  package var taskCount: Int { geometry.outputPixels == 0 ? 0 : geometry.batch &* blocksPerImage &* bandBlocks }

  // MARK: Scratch

  /// Floats of one remainder modulo `tile` of a line of the strip.
  package var pitch: Int { roundUp(blockColumns &+ 1, to: 8) }
  package var stripLines: Int { blockLines &* tile &+ 2 }
  /// The lines that a block sees of one channel, and one that is not dealt out yet.
  package var stripFloats: Int { roundUp((stripLines &+ 1) &* tile &* pitch &+ 32, to: 16) }
  /// Floats between neighbouring points of the transformed input, and of the products.
  package var inputPointStride: Int { Self.oddLines(form.stripBlocks &* form.panelFloats) }
  package var productPointStride: Int { Self.oddLines(bandBlock &* SparseForm.bandRows &* form.tilePixels) }

  /// An odd number of cache lines: a transform then writes its points to different sets of the first-level cache.
  private static func oddLines(_ floats: Int) -> Int { (blocks(floats, of: 16) | 1) &* 16 }

  /// A band of zeros, pointers to the pixels of a tile, a tile between its two passes, a strip, the transformed input, the products, and what
  /// the last vector of a line reads beyond them.
  package var scratchBytes: Int {
    4 &* (SparseForm.bandRows &+ 2 &* 48 &+ 16 &* points &+ stripFloats &+ points &* (inputPointStride &+ productPointStride) &+ 16)
  }
}
