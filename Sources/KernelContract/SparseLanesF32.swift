/// A sparse matrix times one vector, or a few, with rows in the lanes of a vector register: N:M patterns, blocks of rows, and whatever else; see
/// `SparseVectorOperands`.
///
/// Eight rows go together. One load brings eight neighbouring elements of the vector, and each row picks the one that its next weight wants. Where eight
/// neighbours hold as many weights in every row, or rows have their weights in the same columns, every lane works.
/// A task is 32 rows of one vector. An element's sum begins with the bias and is made in the order of the columns, as `GemmF32Descriptor` makes it: the same
/// bits but for the sign of a zero.
package struct SparseLanesF32Descriptor: SparseVectorProduct {
  package static let family = KernelFamily.sparseLanesF32

  package var form: SparseLanesForm
  package var operands: SparseVectorOperands

  package init(packing: SparseLanesPacking, _ operands: SparseVectorOperands) {
    form = packing.form
    self.operands = operands
  }

  package var taskCount: Int { form.quads &* operands.vectors }
  /// The sums of a task, and a vector of fewer than eight elements, filled up with zeros.
  package var scratchBytes: Int { 4 &* (32 &+ 8) }
}

/// The extents of a packed sparse matrix and where its parts lie; see `SparseLanesPacking`.
package struct SparseLanesForm: BitwiseCopyable, Sendable {
  package var rows: Int
  package var depth: Int
  /// Bytes from the packed weights' beginning.
  package var orderOffset: Int
  package var chunksOffset: Int

  /// Four bands of eight rows each: so many streams of weights come from memory at a time.
  package var quads: Int { (rows &+ 31) / 32 }
  /// Bytes of a chunk, and where its weights are.
  package static var chunkBytes: Int { 144 }
  package static var valuesOffset: Int { 16 }
}
