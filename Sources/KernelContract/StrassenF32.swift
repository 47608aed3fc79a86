/// A product with constant right-hand side, or a 1 × 1 convolution of stride 1, in f32 with seven products of halves instead of eight (Strassen,
/// "Gaussian Elimination is not Optimal", 1969, in Winograd's form with 15 sums): the operation of `GemmF32Descriptor` with one group and one
/// tap, with fewer multiplications and other roundings.
///
/// Each of `images` matrices, which lie one behind the other, is a product of its own, so that a result does not depend on the batch it is in.
/// Row i of the upper half goes with row i + ⌈rows/2⌉ of the lower, channel k with k + channels/2, column n with n + `StrassenPacking.half`.
/// An odd last row has no partner and an incomplete right half of the columns ends early; both count as zeros.
///
/// Buffers: output, input, residual (only with `hasResidual`; never the output itself).
package struct StrassenF32Descriptor: StepDescriptor {
  package static let family = KernelFamily.strassenF32

  package var images: Int
  /// Of one image.
  package var rows: Int
  package var inputStride: Int
  package var outputStride: Int
  /// Even.
  package var inChannels: Int
  package var outChannels: Int
  /// Packed by `StrassenPacking.pack`.
  package var weights: UnsafePointer<Float>
  /// Arranged by `StrassenPacking.packBias`.
  package var bias: UnsafePointer<Float>
  package var epilogue: Epilogue
  package var hasResidual: Bool
  package var residualStride: Int
  /// Pairs of rows of one task.
  package var rowBlock: Int
  /// Pairs of panels of one task; tasks that differ in their panels only make the sums of their rows again, unless one call has them.
  package var panelBlock: Int
  /// The kernel of `gemmF32` that makes the products.
  package var product: StepFunction

  package init(
    images: Int = 1, rows: Int, inputStride: Int, outputStride: Int, inChannels: Int, outChannels: Int, weights: UnsafePointer<Float>,
    bias: UnsafePointer<Float>, epilogue: Epilogue = .none, residualStride: Int? = nil, rowBlock: Int, panelBlock: Int? = nil,
    product: StepFunction
  ) {
    self.images = images
    self.rows = rows
    self.inputStride = inputStride
    self.outputStride = outputStride
    self.inChannels = inChannels
    self.outChannels = outChannels
    self.weights = weights
    self.bias = bias
    self.epilogue = epilogue
    hasResidual = residualStride != nil
    self.residualStride = residualStride ?? 0
    self.rowBlock = rowBlock
    self.panelBlock = panelBlock ?? StrassenPacking(inChannels: inChannels, outChannels: outChannels).panels
    self.product = product
  }

  package var packing: StrassenPacking { StrassenPacking(inChannels: inChannels, outChannels: outChannels) }
  /// Rows of the upper half: those of the lower one, or one more.
  package var upperRows: Int { blocks(rows, of: 2) }
  /// Blocks of rows of an image, and of panels.
  package var rowTasks: Int { blocks(upperRows, of: rowBlock) }
  package var panelTasks: Int { blocks(packing.panels, of: panelBlock) }
  package var taskCount: Int { images &* rowTasks &* panelTasks }

  // MARK: Scratch

  /// Floats between the rows of a sum of halves of the input, and of a product.
  package var sumStride: Int { roundUp(inChannels / 2, to: 16) }
  package var productStride: Int { packing.half }

  /// One product of a task: `rowCount` rows of half the channels by `columns` columns, from `input` (rows `inputStride` apart).
  package func part(
    rowCount: Int, inputStride: Int, outputStride: Int, columns: Int, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>,
    epilogue: Epilogue, residualStride: Int?
  ) -> GemmF32Descriptor {
    GemmF32Descriptor(
      geometry: .matrix(rows: rowCount, inputStride: inputStride, outputStride: outputStride), groupInChannels: inChannels / 2,
      groupOutChannels: columns, weights: weights, bias: bias, epilogue: epilogue, residualPixelStride: residualStride,
      rowBlock: max(1, rowCount), panelBlock: packing.panels)
  }

  /// What the products need for themselves, a multiple of 64.
  package var productScratchBytes: Int {
    let largest = part(
      rowCount: rowBlock, inputStride: inputStride, outputStride: outputStride, columns: packing.half, weights: weights, bias: bias,
      epilogue: .none, residualStride: nil)
    return roundUp(largest.scratchBytes, to: 64)
  }

  /// That, four sums and three products.
  package var scratchBytes: Int { productScratchBytes &+ 4 &* rowBlock &* (4 &* sumStride &+ 3 &* productStride) }
}

/// The weights of a product by Strassen's method: what the plan writes once and the kernel reads.
///
/// With B11 … B22 the quarters of the weights (right ones filled up with zeros), T1 = B12 − B11, T2 = B22 − T1, T3 = B22 − B12 and
/// T4 = B21 − T2, the seven matrices B11, B21, B22, T4, T1, T2, T3, one after the other, each arranged by `GemmPacking`.
package struct StrassenPacking: Sendable {
  package var inChannels: Int
  package var outChannels: Int

  package init(inChannels: Int, outChannels: Int) {
    self.inChannels = inChannels
    self.outChannels = outChannels
  }

  /// Panels and columns of the left half.
  package var panels: Int { blocks(blocks(outChannels, of: GemmPacking.panel), of: 2) }
  package var half: Int { panels &* GemmPacking.panel }
  /// Floats of one of the seven.
  package var partCount: Int { half &* (inChannels / 2) }
  package var weightCount: Int { 7 &* partCount }
  /// Floats of the bias: both halves, then zeros.
  package var biasCount: Int { 3 &* half }

  /// - Parameters:
  ///   - source: weights, channel k of output n at `n · strides.output + k · strides.input`.
  ///   - target: `weightCount` floats.
  package func pack(_ source: UnsafePointer<Float>, _ strides: GemmPacking.Strides, into target: UnsafeMutablePointer<Float>) {
    let depth = inChannels / 2
    func weight(_ n: Int, _ k: Int) -> Float { n < outChannels ? source[n * strides.output + k * strides.input] : 0 }
    for n in 0..<half {
      for k in 0..<depth {
        let (b11, b12, b21, b22) = (weight(n, k), weight(n + half, k), weight(n, k + depth), weight(n + half, k + depth))
        // Rounded once.
        let t1 = Float(Double(b12) - Double(b11))
        let t2 = Float(Double(b22) - Double(b12) + Double(b11))
        let t3 = Float(Double(b22) - Double(b12))
        let t4 = Float(Double(b21) - Double(b22) + Double(b12) - Double(b11))
        var place = target + ((n / GemmPacking.panel * depth + k) * GemmPacking.panel + n % GemmPacking.panel)
        for value in [b11, b21, b22, t4, t1, t2, t3] {
          place.pointee = value
          place += partCount
        }
      }
    }
  }

  /// Writes `biasCount` floats.
  package func packBias(_ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
    for n in 0..<biasCount { target[n] = n < outChannels ? source[n] : 0 }
  }
}
