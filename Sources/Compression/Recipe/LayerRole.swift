/// What a layer is in its network, by which recipes can select it. A layer may have several roles.
package enum LayerRole: String, Sendable, CaseIterable {
  /// No layer comes before it.
  case first
  /// No layer comes after it.
  case last
  /// A convolution in which each input channel has filters of its own (groups = input channels > 1).
  case depthwise
  /// A grouped convolution that is not depthwise.
  case grouped
  /// A convolution of kernel 1×1 without groups.
  case pointwise
  /// A convolution of a larger kernel without groups.
  case spatial
  /// Gemm or MatMul.
  case linear

  package var summary: String {
    switch self {
    case .first: "no layer comes before it"
    case .last: "no layer comes after it"
    case .depthwise: "convolution, one group for each input channel"
    case .grouped: "convolution with groups that is not depthwise"
    case .pointwise: "convolution of kernel 1×1 without groups"
    case .spatial: "convolution of a larger kernel without groups"
    case .linear: "Gemm or MatMul"
    }
  }
}
