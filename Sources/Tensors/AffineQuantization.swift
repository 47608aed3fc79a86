/// r = scale · (q − zeroPoint), per tensor, per slice along one axis, or for runs of each slice along a second axis.
///
/// Jacob et al. 2018, equation 1. One scale without groups means per tensor and `axis` is nil; otherwise `axis` names the dimension that
/// `scales` and `zeroPoints` run along. With `group` there are as many for each slice as it has runs: those of the first slice, then those
/// of the second.
package struct AffineQuantization: Sendable, Equatable {
  /// Runs of `size` elements along `axis`, the last one shorter where `size` does not divide the extent; each has its own scale.
  package struct Group: Sendable, Equatable {
    package var axis: Int
    package var size: Int

    package init(axis: Int, size: Int) {
      self.axis = axis
      self.size = size
    }

    /// Runs in an extent.
    package func count(over extent: Int) -> Int { extent > 0 ? (extent - 1) / size + 1 : 0 }
  }

  package var scales: [Float]
  package var zeroPoints: [Int32]
  package var axis: Int?
  /// Bits of a code, 2…8: signed codes are −2ᵇ⁻¹…2ᵇ⁻¹ − 1, unsigned ones 0…2ᵇ − 1. In memory a code takes a byte, in a file `bits`.
  package let bits: Int
  package var group: Group?

  package static let widths = 2...8

  package init(scales: [Float], zeroPoints: [Int32], axis: Int?, bits: Int = 8, group: Group? = nil) throws {
    guard !scales.isEmpty, scales.count == zeroPoints.count, axis != nil || scales.count == 1 else {
      throw Failure(.invalidArgument, "\(scales.count) scales, \(zeroPoints.count) zero points and axis \(axis as Any) do not agree")
    }
    guard scales.allSatisfy({ $0.isFinite && $0 > 0 }) else {
      throw Failure(.invalidArgument, "a quantization scale must be finite and above zero")
    }
    guard AffineQuantization.widths.contains(bits) else { throw Failure(.invalidArgument, "codes have 2 to 8 bits, not \(bits)") }
    if let group {
      guard let axis, group.axis != axis, group.axis >= 0, group.size > 0 else {
        throw Failure(.invalidArgument, "groups of \(group.size) along axis \(group.axis) do not go with scales along axis \(axis as Any)")
      }
    }
    self.scales = scales
    self.zeroPoints = zeroPoints
    self.axis = axis
    self.bits = bits
    self.group = group
  }

  /// The codes of so many bits.
  package static func codes(bits: Int, signed: Bool) -> ClosedRange<Int32> {
    let half = Int32(1) << (bits - 1)
    return signed ? -half...half - 1 : 0...2 * half - 1
  }

  /// For element `index` of a row-major tensor of `shape`: which scale it has, where there are no groups.
  package func channelStride(in shape: [Int]) -> (stride: Int, count: Int) {
    guard let axis else { return (max(shape.reduce(1, *), 1), 1) }
    return (shape[(axis + 1)...].reduce(1, *), shape[axis])
  }

  /// How many scales a tensor of `shape` has; nil where the axes are not its.
  package func scaleCount(in shape: [Int]) -> Int? {
    guard let axis else { return 1 }
    guard shape.indices.contains(axis) else { return nil }
    guard let group else { return shape[axis] }
    guard shape.indices.contains(group.axis) else { return nil }
    let (count, overflow) = shape[axis].multipliedReportingOverflow(by: group.count(over: shape[group.axis]))
    return overflow ? nil : count
  }

  /// Which scale each element of a tensor of `shape` has, groups included.
  package func scaleIndex(in shape: [Int]) -> ScaleIndex { ScaleIndex(self, shape) }
}

/// Which scale an element of a row-major tensor has.
package struct ScaleIndex: Sendable {
  private let stride: Int
  private let channels: Int
  /// 0: no groups.
  private let groupStride: Int
  private let groupExtent: Int
  private let groupSize: Int
  private let groups: Int

  fileprivate init(_ quantization: AffineQuantization, _ shape: [Int]) {
    let (stride, channels) = quantization.channelStride(in: shape)
    (self.stride, self.channels) = (max(stride, 1), max(channels, 1))
    guard let group = quantization.group else {
      (groupStride, groupExtent, groupSize, groups) = (0, 1, 1, 1)
      return
    }
    groupStride = max(shape[(group.axis + 1)...].reduce(1, *), 1)
    groupExtent = max(shape[group.axis], 1)
    groupSize = group.size
    groups = group.count(over: shape[group.axis])
  }

  package subscript(element: Int) -> Int {
    let channel = channels == 1 ? 0 : element / stride % channels
    return groupStride == 0 ? channel : channel * groups + element / groupStride % groupExtent / groupSize
  }
}
