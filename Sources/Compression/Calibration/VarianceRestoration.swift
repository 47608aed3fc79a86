import Tensors

/// Least squares makes outputs of less variance than what they shall meet has, the less they explain of it the more, and layer by layer the
/// loss adds up. Rows of weights are scaled so that the variance is that of the targets again (Jordan et al. 2023 do so for networks that
/// were averaged or pruned).
package struct VarianceRestoration {
  static func option(default usual: Double) -> OptionSchema {
    OptionSchema(
      "restore_variance", .number(0...1), default: .number(usual),
      "how far outputs get the variance back that least squares take from them: 0 not at all, 1 wholly")
  }

  private let share: Double
  /// An output that lost more was hardly explained at all: what is left of it is mostly error.
  private static let most = 2.0

  init(_ options: Options) throws { share = try options.number("restore_variance") }

  var isNone: Bool { share == 0 }

  /// What a row of weights that makes the variance `made` is multiplied by; 1 where it makes enough.
  package func factor(made: Double, wanted: Double) -> Double {
    guard made > 0, wanted > made else { return 1 }
    return 1 + share * (min((wanted / made).squareRoot(), VarianceRestoration.most) - 1)
  }
}
