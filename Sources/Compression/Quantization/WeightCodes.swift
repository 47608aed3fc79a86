import Graph
import Tensors

/// How the weights of a layer become codes.
package struct WeightCodes: Sendable, Equatable {
  /// 2…8.
  package var bits = 8
  /// Signed codes and no zero point; else unsigned codes and a zero point for every scale.
  package var isSymmetric = true
  /// A scale for each output channel; else one for all.
  package var isPerChannel = true
  /// Inputs that share a scale in one output channel; nil: all of them.
  package var group: Int?

  package init(bits: Int = 8, isSymmetric: Bool = true, isPerChannel: Bool = true, group: Int? = nil) {
    self.bits = bits
    self.isSymmetric = isSymmetric
    self.isPerChannel = isPerChannel
    self.group = group
  }

  /// Least and greatest code. Symmetric codes of 8 bits leave −128 out, as engines expect; fewer bits need every level.
  package var range: ClosedRange<Int32> {
    guard isSymmetric else { return AffineQuantization.codes(bits: bits, signed: false) }
    return bits == 8 ? -127...127 : AffineQuantization.codes(bits: bits, signed: true)
  }

  /// What the integer engine reads without more ado: one symmetric scale for each output channel or for all.
  package var isPlain: Bool { isSymmetric && group == nil }

  /// The columns of a row that share a scale: for groups `group` at a time.
  func runs(over width: Int) -> [Range<Int>] {
    guard let group, group < width else { return [0..<width] }
    return stride(from: 0, to: width, by: group).map { $0..<min($0 + group, width) }
  }
}
