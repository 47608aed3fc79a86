/// The packed weights of a depthwise convolution, with zeros behind the channels; per-channel arrays are rounded up to 16 likewise.
///
///     [block of 16 channels][tap][16]         f32
///     [tap][channels rounded up to 16]        s8 as s16
package struct DepthwisePacking: Sendable {
  package var channels: Int
  package var taps: Int

  package init(channels: Int, taps: Int) {
    self.channels = channels
    self.taps = taps
  }

  /// Elements of a per-channel array and of one tap.
  package var columnCount: Int { roundUp(channels, to: 16) }
  /// Elements of the packed weights: f32 for the f32 kernel, s16 for the quantized one.
  package var weightCount: Int { taps * columnCount }

  /// From ONNX's [channels][1][kernelHeight][kernelWidth].
  package func pack(f32 source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
    for index in 0..<weightCount {
      let (tap, channel) = (index / 16 % taps, index / 16 / taps * 16 + index % 16)
      target[index] = channel < channels ? source[channel * taps + tap] : 0
    }
  }

  /// From ONNX's [channels][1][kernelHeight][kernelWidth].
  package func pack(s8 source: UnsafePointer<Int8>, into target: UnsafeMutablePointer<Int16>) {
    for index in 0..<weightCount {
      let (tap, channel) = (index / columnCount, index % columnCount)
      target[index] = channel < channels ? Int16(source[channel * taps + tap]) : 0
    }
  }

  /// Writes `columnCount` values: those of `source`, one per channel, then `fill`.
  package func packColumns<T>(_ source: UnsafePointer<T>, fill: T, into target: UnsafeMutablePointer<T>) {
    for channel in 0..<columnCount { target[channel] = channel < channels ? source[channel] : fill }
  }
}

/// Depthwise convolution in f32, one filter a channel: `out[p, c] = f(Σ over taps of in[pixel(p, t), c] · w[t, c] + bias[c])`.
///
/// Buffers: output, input.
package struct DepthwiseF32Descriptor: StepDescriptor {
  package static let family = KernelFamily.depthwiseF32

  package var geometry: Geometry
  package var channels: Int
  /// Packed by `DepthwisePacking.pack(f32:)`.
  package var weights: UnsafePointer<Float>
  /// `DepthwisePacking.columnCount` values.
  package var bias: UnsafePointer<Float>
  package var epilogue: Epilogue
  /// `DepthwisePacking.columnCount` factors, then as many shifts, applied behind the epilogue, which is then a clamp or a leaky ReLU; nil: none.
  package var affine: UnsafePointer<Float>?

  package init(
    geometry: Geometry, channels: Int, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>, epilogue: Epilogue = .none,
    affine: UnsafePointer<Float>? = nil
  ) {
    self.geometry = geometry
    self.channels = channels
    self.weights = weights
    self.bias = bias
    self.epilogue = epilogue
    self.affine = affine
  }

  package var packing: DepthwisePacking { DepthwisePacking(channels: channels, taps: geometry.taps) }
  /// One row of output pixels.
  package var taskCount: Int { geometry.outputWidth == 0 || channels == 0 ? 0 : geometry.batch * geometry.outputHeight }
  /// A pixel of zeros and pointers to the columns of four windows, for one line more than a window has.
  package var scratchBytes: Int { 4 * packing.columnCount + 8 * (geometry.kernelHeight + 1) * (geometry.kernelWidth + 6) }
}

/// Depthwise convolution of u8 activations with s8 weights, accumulated exactly in s32; positions outside count as `inputZeroPoint`.
///
/// `acc[p, c] = Σ in[pixel(p, t), c] · w[t, c] + bias[c]`, then as for `GemmU8S8Descriptor`.
///
/// Buffers: output (u8, f32 or s32), input (u8).
package struct DepthwiseU8S8Descriptor: StepDescriptor {
  package static let family = KernelFamily.depthwiseU8S8

  package var geometry: Geometry
  package var channels: Int
  package var inputZeroPoint: UInt8
  /// Packed by `DepthwisePacking.pack(s8:)`.
  package var weights: UnsafePointer<Int16>
  /// `DepthwisePacking.columnCount` values, `b − inputZeroPoint · Σ w`.
  package var bias: UnsafePointer<Int32>
  /// `DepthwisePacking.columnCount` values.
  package var scales: UnsafePointer<Float>
  package var requantization: Requantization

  package init(
    geometry: Geometry, channels: Int, inputZeroPoint: UInt8, weights: UnsafePointer<Int16>, bias: UnsafePointer<Int32>,
    scales: UnsafePointer<Float>, requantization: Requantization
  ) {
    self.geometry = geometry
    self.channels = channels
    self.inputZeroPoint = inputZeroPoint
    self.weights = weights
    self.bias = bias
    self.scales = scales
    self.requantization = requantization
  }

  package var packing: DepthwisePacking { DepthwisePacking(channels: channels, taps: geometry.taps) }
  /// One row of output pixels.
  package var taskCount: Int { geometry.outputWidth == 0 || channels == 0 ? 0 : geometry.batch * geometry.outputHeight }
  /// The sums of a pixel, a bias for windows that reach outside, and the taps of a window; or a pixel of zero points and, for a window of
  /// 3 × 3, interleaved weights.
  package var scratchBytes: Int {
    max(8 * packing.columnCount + 16 * (geometry.taps + 1), packing.columnCount + 64 + (geometry.taps == 9 ? 24 * packing.columnCount : 0))
  }
}
