import Graph
import KernelContract
import Tensors

extension PlanBuilder {
  /// Joins tensors: producers that could write into the result's memory have, the rest is copied.
  func lowerConcat() throws {
    let out = node.outputs[0]
    let shape = try shape(out)
    let axis = try context.axis(default: 0, rank: shape.count)
    let operands = try node.inputs.indices.map { try node.requiredInput($0) }
    if let parameters = try commonCodes(operands, out) { return try concatenateCodes(operands, parameters, out, axis) }
    let dtype = try dtype(out)
    let kept = reserved[out].flatMap { $0.view.dtype == dtype ? $0.view : nil }
    let whole = try kept ?? destination(out, dtype, strides: concatStrides(out, shape)) { _ in true }
    var start = 0
    for id in operands {
      let extent = try self.shape(id)[axis]
      let part = whole.sliced(axis: axis, start: start, count: extent)
      start += extent
      if states[id]?.views.contains(part) ?? false { continue }
      let source = try plain(id)
      try emitCopy(from: states[id]?.views.first { $0.memoryOrder == part.memoryOrder } ?? source, to: part)
    }
    define(out, whole)
  }

  /// The quantization in which a concatenation can be done on codes: that of its reader, or one that all operands share.
  private func commonCodes(_ operands: [ValueID], _ out: ValueID) throws -> CodeParameters? {
    guard let first = codes(operands[0]) else { return nil }
    let all = operands.compactMap { codes($0)?.parameters }
    guard all.count == operands.count else { return nil }
    if let wanted = quantizer(of: out) { return wanted }
    return all.allSatisfy { $0 == first.parameters } ? first.parameters : nil
  }

  private func concatenateCodes(_ operands: [ValueID], _ parameters: CodeParameters, _ out: ValueID, _ axis: Int) throws {
    let shape = try shape(out)
    let kept = reserved[out].flatMap { $0.view.dtype == .u8 && $0.parameters == parameters ? $0.view : nil }
    let whole = try kept ?? destination(out, .u8, codes: parameters, strides: concatStrides(out, shape)) { _ in true }
    var start = 0
    for id in operands {
      let extent = try self.shape(id)[axis]
      let part = whole.sliced(axis: axis, start: start, count: extent)
      start += extent
      guard let source = codes(id) else { throw unsupported("an operand without codes") }
      if source.parameters == parameters {
        if states[id]?.codes.contains(where: { $0.view == part }) ?? false { continue }
        try emitCopy(from: source.view, to: part)
      } else {
        try emitRequantization(source, to: parameters, part)
      }
    }
    define(out, whole, parameters)
  }

  /// Writes codes of another quantization.
  private func emitRequantization(_ source: Codes, to parameters: CodeParameters, _ target: View) throws {
    let table = source.parameters.table(to: parameters) { $0 }
    guard CommonRows([target]) == nil else { return try emitLookup(source.view, table, target) }
    let changed = allocate(.u8, target.shape, strides: target.denseStrides)
    try emitLookup(source.view, table, changed)
    try emitCopy(from: changed, to: target)
  }
}
