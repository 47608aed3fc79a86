import KernelContract
import Tensors

/// Weights without their zeros, as the sparse kernels read them.
struct SparseWeights: Sendable {
  /// For images, or several rows of a matrix.
  private let packing: SparsePacking
  private let packed: Storage
  /// For one row of a matrix; nil where the weights are a convolution's.
  private let vector: (packing: SparseVectorPacking, packed: Storage)?
  private let bias: Storage

  /// - Throws: `outOfMemory`.
  init(_ shape: ConvolutionShape, _ weights: UnsafePointer<Float>, _ bias: [Float]) throws {
    let machine = try HostMachine.machine()
    let strides = shape.gemmPacking.oihw
    // The size of the images is not known: tiles that suit most, and blocks of rows where these are about full.
    let rowBlock =
      SparseForm.rowBlocks.last {
        SparsePacking.fullness(
          rowBlock: $0, groups: shape.groups, groupOutChannels: shape.groupOutChannels, places: shape.groupInChannels * shape.taps, weights)
          > 0.9
      } ?? 1
    let packing = SparsePacking(
      shape.geometry(batch: 1, height: 1, width: 1, output: (1, 1)), groups: shape.groups, groupInChannels: shape.groupInChannels,
      groupOutChannels: shape.groupOutChannels, weights, strides, level1Bytes: machine.level1Bytes,
      tileVectors: rowBlock > 1 ? 6 : 7, spansLines: shape.taps > 1, rowBlock: rowBlock)
    self.packing = packing
    packed = try Storage.of(UInt8.self, packing.byteCount) { packing.pack(weights, strides, into: $0) }
    self.bias = try Storage.of(bias)
    guard shape.isPointwise, shape.isNHWC, shape.groups == 1 else {
      vector = nil
      return
    }
    let rows = SparseVectorPacking(rows: shape.outChannels, depth: shape.inChannels, weights, strides)
    vector = (rows, try Storage.of(UInt8.self, rows.byteCount) { rows.pack(weights, strides, into: $0) })
  }

  var byteCount: Int { packed.byteCount + bias.byteCount + (vector?.packed.byteCount ?? 0) }

  /// A convolution of planar images.
  func convolution(_ geometry: Geometry, _ epilogue: Epilogue) -> SparseF32Descriptor {
    SparseF32Descriptor(
      geometry: geometry, packing: packing, weights: packed.base, bias: bias.pointer(Float.self), epilogue: epilogue)
  }

  /// A product with up to two rows, which are read as they lie; nil where that would not be faster.
  func product(rows: Int, _ epilogue: Epilogue) -> SparseVectorF32Descriptor? {
    guard rows <= 2, let vector else { return nil }
    return SparseVectorF32Descriptor(
      packing: vector.packing, vectors: rows, weights: vector.packed.base, bias: bias.pointer(Float.self), epilogue: epilogue)
  }
}
