/// What the products of a sparse matrix with one vector, or a few, have in common: `out[v][n] = f(Σ over stored k of w[n, k] · in[v][k] + bias[n])`;
/// a fully connected layer at batch 1. The families differ in how the matrix is packed. More vectors than a few are `SparseF32Descriptor`'s.
/// An infinity or NaN that meets no stored weight is not seen. Buffers: output, input.
package struct SparseVectorOperands: BitwiseCopyable {
  /// Dense vectors, `inputStride` and `outputStride` elements apart.
  package var vectors: Int
  package var inputStride: Int
  package var outputStride: Int
  /// Written by the family's packing.
  package var weights: UnsafeRawPointer
  /// One value for each row.
  package var bias: UnsafePointer<Float>
  package var epilogue: Epilogue

  package init(
    vectors: Int = 1, inputStride: Int, outputStride: Int, weights: UnsafeRawPointer, bias: UnsafePointer<Float>,
    epilogue: Epilogue = .none
  ) {
    self.vectors = vectors
    self.inputStride = inputStride
    self.outputStride = outputStride
    self.weights = weights
    self.bias = bias
    self.epilogue = epilogue
  }
}

/// A step that multiplies a sparse matrix by vectors.
package protocol SparseVectorProduct: StepDescriptor {
  associatedtype Packing: SparseVectorPackable
  init(packing: Packing, _ operands: SparseVectorOperands)
}

/// A sparse matrix packed for one of the families: what the plan writes once and the kernel reads.
package protocol SparseVectorPackable: Sendable {
  var rows: Int { get }
  var depth: Int { get }
  /// Weights that are not zero.
  var stored: Int { get }
  /// Bytes of the packed weights.
  var byteCount: Int { get }
  /// Writes `byteCount` bytes, aligned to 64, of the weights that the packing was made for.
  /// - Parameter source: weights, column k of row n at `n · strides.output + k · strides.input`.
  func pack(_ source: UnsafePointer<Float>, _ strides: GemmPacking.Strides, into target: UnsafeMutableRawPointer)
}

extension SparseVectorProduct {
  /// A step on dense vectors, one behind the other.
  package init(
    packing: Packing, vectors: Int = 1, weights: UnsafeRawPointer, bias: UnsafePointer<Float>, epilogue: Epilogue = .none
  ) {
    self.init(
      packing: packing,
      SparseVectorOperands(
        vectors: vectors, inputStride: packing.depth, outputStride: packing.rows, weights: weights, bias: bias, epilogue: epilogue))
  }
}
