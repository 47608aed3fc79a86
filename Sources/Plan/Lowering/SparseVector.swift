import Graph
import KernelContract
import Tensors

extension PlanBuilder {
  /// A convolution of single pixels with one vector an image, where that is estimated to pay; false where it is not.
  func lowerSparseVector(
    _ conv: ConvShape, _ x: ValueID, _ w: ValueID, _ out: ValueID, _ bias: [Float], _ activation: Activation
  ) throws -> Bool {
    guard conv.groups == 1, conv.window.isPointwise, conv.window.outputs.allSatisfy({ $0 == 1 }) else { return false }
    let product = Product(
      rows: conv.batch, columns: conv.outputs, depth: conv.channels, scale: 1, bias: bias, strides: conv.packing.oihw, outputAxis: 0,
      activation: activation)
    let input = try pixels(x)
    guard let way = try sparseVectorWay(product, w) else { return false }
    let output = try pixelDestination(out, .f32)
    try emitSparseVector(product, input, w, output, way)
    define(out, output)
    return true
  }

  /// A product of each row with the stored weights alone.
  func emitSparseVector(_ product: Product, _ input: View, _ w: ValueID, _ output: View, _ way: SparseVectorWay) throws {
    if let packing = way.lanes { return try emit(SparseLanesF32Descriptor.self, packing, product, input, w, output, way.choice) }
    let isFar = networkBytes > machine.level3Bytes
    if way.family == .sparseBlocksF32 {
      let packing = try withFloats(w) {
        SparseBlocksPacking(rows: product.columns, depth: product.depth, $0, product.strides, isFar: isFar)
      }
      return try emit(SparseBlocksF32Descriptor.self, packing, product, input, w, output, way.choice)
    }
    let packing = try withFloats(w) { SparseVectorPacking(rows: product.columns, depth: product.depth, $0, product.strides) }
    try emit(SparseVectorF32Descriptor.self, packing, product, input, w, output, way.choice)
  }

  private func emit<D: SparseVectorProduct>(
    _ family: D.Type, _ packing: D.Packing, _ product: Product, _ input: View, _ w: ValueID, _ output: View, _ choice: Choice
  ) throws {
    guard let inStride = input.pixelStride, let outStride = output.pixelStride else { throw unsupported("no matrix layout") }
    let weights = try packed(w, "sparse \(D.family.rawValue) \(product.strides) \(product.scale)") {
      let bytes = try memory.constant(byteCount: packing.byteCount)
      try withFloats(w, scale: product.scale) { packing.pack($0, product.strides, into: bytes) }
      return UnsafeRawPointer(bytes)
    }
    let operands = SparseVectorOperands(
      vectors: product.rows, inputStride: inStride, outputStride: outStride, weights: weights, bias: try memory.constant(product.bias),
      epilogue: Epilogue(product.activation))
    try emit(
      D(packing: packing, operands), [output, input], macs: saturatingProduct([product.rows, packing.stored]),
      fusing: names(product.activation), choice: choice)
  }
}
