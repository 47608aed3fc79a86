/// What a kernel computes; each family has one descriptor type, which names its buffers and their layouts.
package enum KernelFamily: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case gemmF32, gemmU8S8, gemmQuadsU8S8, winogradF32, winogradU8S8, strassenF32
  case depthwiseF32, depthwiseU8S8, depthwisePlanarF32
  case poolF32, poolU8, poolPlanarF32
  case unaryF32, binaryF32, scaleShiftF32
  case addU8, lookupU8, requantizeFixed, addFixedU8
  case softmaxF32, reduceMeanF32, lrnF32
  case transpose, copy, fill, gather, channelShuffle, resizeF32
  case quantize, dequantize
  case matMulF32, spmmF32
  case sparseF32, sparseVectorF32, sparseBlocksF32, sparseLanesF32, sparseWinogradF32, sparseU8S8
  case lowBitF32
  case bands
}

/// What a kernel promises beyond its family's contract.
package struct KernelFlags: OptionSet, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }
  /// Gives the same bits as every other kernel of its family that has this flag.
  package static let consistent = KernelFlags(rawValue: 1)
  /// Exact for all weights, where the family's contract asks for weights that fit.
  package static let anyCodes = KernelFlags(rawValue: 2)
  /// Both: a list of flags would leave weak functions in the kernels' objects.
  package static let consistentForAnyCodes = KernelFlags(rawValue: 3)
}

/// One line of the registry: the single list that dispatch, tests and benchmarks go through.
package struct KernelEntry: Sendable {
  /// `operation_types_tile`, for example `gemm_f32_6x16`; the instruction set is the module's.
  package let id: StaticString
  package let family: KernelFamily
  /// Rows and columns of the micro-kernel, for choosing blocks; 1 × the vector width where there is no tile.
  package let tile: (rows: Int, columns: Int)
  package let flags: KernelFlags
  package let step: StepFunction

  package init(_ id: StaticString, _ family: KernelFamily, tile: (rows: Int, columns: Int), _ flags: KernelFlags, _ step: StepFunction) {
    self.id = id
    self.family = family
    self.tile = tile
    self.flags = flags
    self.step = step
  }
}

/// What the plan stores of a step: plain old data, copied byte by byte into the plan's memory.
///
/// Rules that hold for every family:
/// - `buffers[0]` is the output, the inputs follow in the order documented. A pointer is to the first element that the step
///   uses, so that a slice of channels is a pointer with an offset, aligned to its element.
/// - Strides count elements. A *pixel stride* is the distance from one pixel of an NHWC tensor to the next (at least its channels), so that
///   a tensor may be a slice of the channels of a wider one; its rows and images are dense in pixels.
/// - Tensors are never read or written outside their elements; what is padded (packed weights, per-channel arrays) says so.
/// - The output overlaps no input unless the family says that it may.
/// - Kernels check nothing: extents, strides and pointers must be right. An extent of 0 gives `taskCount` 0.
package protocol StepDescriptor: BitwiseCopyable {
  static var family: KernelFamily { get }
  /// The number of independent tasks; the runtime may run any range of them on any thread.
  var taskCount: Int { get }
  /// Bytes of scratch that one thread needs, the same for every range.
  var scratchBytes: Int { get }
}

/// ⌈count / size⌉ for count ≥ 0 and size ≥ 1.
@inlinable @inline(__always)
package func blocks(_ count: Int, of size: Int) -> Int { (count &+ size &- 1) / size }

/// The least multiple of `size` that is at least `count`.
@inlinable @inline(__always)
package func roundUp(_ count: Int, to size: Int) -> Int { blocks(count, of: size) &* size }
