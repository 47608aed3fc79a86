/// What the options of `quantize.affine` say about weights.
struct WeightRecipe {
  enum Rounding { case nearest, compensated, reconstructed }

  private let bits: Int
  private let edges: Int
  private let usual: WeightCodes

  init(_ options: Options) throws {
    bits = try options.width("weights") ?? 8
    edges = max(try options.width("edges") ?? bits, bits)
    usual = WeightCodes(
      bits: bits, isSymmetric: try options.flag("symmetric_weights"), isPerChannel: try options.string("granularity") == "channel",
      group: try options.width("group_size"))
  }

  /// How the weights of a layer become codes.
  func codes(_ layer: Layer) -> WeightCodes {
    var codes = usual
    if !layer.roles.isDisjoint(with: [.first, .last]) { codes.bits = edges }
    if layer.op == .conv { codes.group = nil }
    return codes
  }

  func rounding(_ options: Options) throws -> Rounding {
    switch try options.string("rounding") {
    case "nearest": .nearest
    case "compensated": .compensated
    case "reconstructed": .reconstructed
    default: bits == 8 ? .compensated : .reconstructed
    }
  }
}
