package enum PoolKind: UInt32, BitwiseCopyable, Sendable {
  case max
  /// Divides by the taps inside the image, or with `countsPadding` by those inside the padded image.
  case average
}

/// Max and average pooling of NHWC f32; a global pool is a window of the whole image. An average over no tap is 0, a maximum −∞.
///
/// Buffers: output, input.
package struct PoolF32Descriptor: StepDescriptor {
  package static let family = KernelFamily.poolF32

  package var geometry: Geometry
  package var channels: Int
  package var kind: PoolKind
  package var countsPadding: Bool
  /// Channels of one task.
  package var channelBlock: Int

  package init(geometry: Geometry, channels: Int, kind: PoolKind, countsPadding: Bool = false, channelBlock: Int? = nil) {
    self.geometry = geometry
    self.channels = channels
    self.kind = kind
    self.countsPadding = countsPadding
    self.channelBlock = channelBlock ?? poolChannelBlock(geometry, channels)
  }

  package var taskCount: Int { poolTaskCount(geometry, channels, channelBlock) }

  /// Whether a line's columns are made once, in scratch, and then joined to windows: not where a window is one column or the whole line or
  /// where columns lie between windows; and only while a line of columns stays in the first-level cache or near it.
  package var sharesColumns: Bool {
    geometry.outputWidth > 1 && geometry.kernelWidth > 1 && geometry.kernelWidth >= geometry.strideX
      && geometry.kernelHeight <= 64 && geometry.inputWidth <= 1024
  }

  /// Channels whose columns are made at once: as many as fill half of a first-level cache, at least 16.
  package var columnChannels: Int { max(16, min(roundUp(channelBlock, to: 8), 4096 / max(1, geometry.inputWidth) / 8 * 8)) }

  package var scratchBytes: Int { sharesColumns ? 4 * columnChannels * geometry.inputWidth : 0 }
}

/// Max and average pooling of NHWC u8.
///
/// The maximum is exact and keeps scale and zero point. The average is, with the sum S of the n taps inside the image and the count N of
/// the
/// average, `clamp(round(Float(S − n·inputZeroPoint) · (scale / N)) + outputZeroPoint, 0, 255)`, halves to even, `scale / N` rounded to
/// f32.
///
/// Buffers: output, input.
package struct PoolU8Descriptor: StepDescriptor {
  package static let family = KernelFamily.poolU8

  package var geometry: Geometry
  package var channels: Int
  package var kind: PoolKind
  package var countsPadding: Bool
  package var inputZeroPoint: Int32
  package var outputZeroPoint: Int32
  /// Input scale / output scale.
  package var scale: Float
  /// Channels of one task.
  package var channelBlock: Int

  package init(
    geometry: Geometry, channels: Int, kind: PoolKind, countsPadding: Bool = false, inputZeroPoint: Int32 = 0, outputZeroPoint: Int32 = 0,
    scale: Float = 1, channelBlock: Int? = nil
  ) {
    self.geometry = geometry
    self.channels = channels
    self.kind = kind
    self.countsPadding = countsPadding
    self.inputZeroPoint = inputZeroPoint
    self.outputZeroPoint = outputZeroPoint
    self.scale = scale
    self.channelBlock = channelBlock ?? poolChannelBlock(geometry, channels)
  }

  package var taskCount: Int { poolTaskCount(geometry, channels, channelBlock) }
  package var scratchBytes: Int { 0 }
}

/// All channels where there are rows enough to share out, 64 where there is one row.
private func poolChannelBlock(_ geometry: Geometry, _ channels: Int) -> Int { geometry.outputHeight > 1 ? max(1, channels) : 64 }

private func poolTaskCount(_ geometry: Geometry, _ channels: Int, _ channelBlock: Int) -> Int {
  geometry.outputWidth == 0 ? 0 : geometry.batch * geometry.outputHeight * blocks(channels, of: channelBlock)
}
