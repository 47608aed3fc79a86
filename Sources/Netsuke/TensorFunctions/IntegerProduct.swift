import KernelContract
import Tensors

/// The exact product of 8-bit matrices on the caller's memory.
package enum IntegerProduct {
  /// c[i][j] = Σ (a[i][p] − zeroPoint) · b[j][p], in wrapping 32-bit arithmetic; rows `lda`, `ldb`, `ldc` elements apart.
  package static func multiply(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<UInt8>, lda: Int, zeroPoint: Int32, _ b: UnsafePointer<Int8>, ldb: Int,
    into c: UnsafeMutablePointer<Int32>, ldc: Int
  ) throws {
    guard let zero = UInt8(exactly: zeroPoint) else {
      throw Failure(.invalidArgument, "a_zero_point must be 0 to 255, not \(zeroPoint)")
    }
    _ = try HostMachine.machine()
    guard m > 0, n > 0 else { return }
    guard k > 0 else {
      for row in 0..<m { (c + row * ldc).update(repeating: 0, count: n) }
      return
    }
    let packing = GemmPacking(groupOutChannels: n, groupInChannels: k)
    let strides = GemmPacking.Strides(output: ldb, input: 1)
    var layout = WorkspaceLayout()
    let packed = try layout.add(packing.columnCount, roundUp(k, to: 2), of: .s8)
    let sums = try layout.add(n, of: .s32)
    let bias = try layout.add(packing.columnCount, of: .s32)
    let geometry = Geometry.matrix(rows: m, inputStride: lda, outputStride: ldc)
    let memory = Workspace()
    try memory.withBytes(layout.byteCount) { base in
      let weights = (base + packed).assumingMemoryBound(to: Int8.self)
      let offsets = (base + sums).assumingMemoryBound(to: Int32.self), columns = (base + bias).assumingMemoryBound(to: Int32.self)
      packing.pack(s8: b, strides, into: weights)
      offsets.update(repeating: 0, count: n)
      packing.foldZeroPoint(zeroPoint, weights: b, strides, bias: offsets)
      packing.packColumns(offsets, fill: 0, into: columns)
      let product = GemmU8S8Descriptor(
        geometry: geometry, groupInChannels: k, groupOutChannels: n, inputZeroPoint: zero, weights: weights, bias: columns,
        scales: UnsafePointer(OpaquePointer(columns)), requantization: .s32)
      let workspace = Workspace()
      try workspace.withBytes(StepRunner.stride(product.scratchBytes)) { scratch in
        try StepRunner(run: .alone, scratch: scratch, scratchStride: 0)(product, c, a)
      }
    }
  }
}
