/// A sparse matrix times one vector, or a few, by fetching elements of the vector one by one; see `SparseVectorOperands`.
///
/// What counts is the weights' way from memory: 6 bytes for each that is stored.
/// An element's sum is made in an order that depends on its row of weights alone.
package struct SparseVectorF32Descriptor: SparseVectorProduct {
  package static let family = KernelFamily.sparseVectorF32

  package var form: SparseVectorForm
  package var operands: SparseVectorOperands

  package init(packing: SparseVectorPacking, _ operands: SparseVectorOperands) {
    form = packing.form
    self.operands = operands
  }

  package var taskCount: Int { blocks(form.rows, of: form.rowBlock) &* operands.vectors }
  package var scratchBytes: Int { 0 }
}

/// The extents of a packed sparse matrix and where its parts lie; see `SparseVectorPacking`.
package struct SparseVectorForm: BitwiseCopyable, Sendable {
  package var rows: Int
  package var depth: Int
  /// Parts of 4096 columns.
  package var parts: Int
  /// Rows of one task.
  package var rowBlock: Int
  /// Bytes from the packed weights' beginning.
  package var indicesOffset: Int
  package var valuesOffset: Int
}

/// A sparse matrix, packed for products with vectors: what the plan writes once and the kernel reads.
///
///     starts   UInt32  [block of rows][part][row], and the end   the first weight
///     indices  UInt16  in the same order                         the column, less the part's first
///     values   f32     in the same order
///
/// A part is 4096 columns: so much of the vector stays in the first-level cache for all rows of a block. Both lists end with a few elements that are never used, so that whole vectors may be read.
package struct SparseVectorPacking: SparseVectorPackable {
  package let form: SparseVectorForm
  package let stored: Int
  package var rows: Int { form.rows }
  package var depth: Int { form.depth }
  private static var part: Int { 4096 }
  private static var slack: Int { 16 }

  /// Counts what is not zero.
  /// - Parameter source: weights, column k of row n at `n · strides.output + k · strides.input`.
  package init(rows: Int, depth: Int, _ source: UnsafePointer<Float>, _ strides: GemmPacking.Strides) {
    var stored = 0
    for row in 0..<rows {
      for k in 0..<depth where source[row * strides.output + k * strides.input] != 0 { stored += 1 }
    }
    self.stored = stored
    let parts = max(1, blocks(depth, of: Self.part))
    let indices = roundUp(4 * (rows * parts + 1), to: 64)
    form = SparseVectorForm(
      rows: rows, depth: depth, parts: parts, rowBlock: max(8, min(64, blocks(rows, of: 16))), indicesOffset: indices,
      valuesOffset: roundUp(indices + 2 * (stored + Self.slack), to: 64))
  }

  package var byteCount: Int { form.valuesOffset + 4 * (stored + Self.slack) }

  package func pack(_ source: UnsafePointer<Float>, _ strides: GemmPacking.Strides, into target: UnsafeMutableRawPointer) {
    target.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    let starts = target.assumingMemoryBound(to: UInt32.self)
    let indices = (target + form.indicesOffset).assumingMemoryBound(to: UInt16.self)
    let values = (target + form.valuesOffset).assumingMemoryBound(to: Float.self)
    var place = 0
    var next = 0
    for first in stride(from: 0, to: form.rows, by: form.rowBlock) {
      for part in 0..<form.parts {
        for row in first..<min(form.rows, first + form.rowBlock) {
          starts[next] = UInt32(place)
          next += 1
          for k in part * Self.part..<min(form.depth, (part + 1) * Self.part) {
            let value = source[row * strides.output + k * strides.input]
            if value == 0 { continue }
            indices[place] = UInt16(k - part * Self.part)
            values[place] = value
            place += 1
          }
        }
      }
    }
    starts[form.rows * form.parts] = UInt32(place)
  }
}
