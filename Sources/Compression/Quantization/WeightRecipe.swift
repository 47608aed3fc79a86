/// What the options of `quantize.affine` say about weights.
struct WeightRecipe {
  enum Rounding { case nearest, compensated, reconstructed }

  private let bits: Int
  private let edges: Int
  private let usual: WeightCodes
  /// Bits by layer name, where they were chosen layer by layer.
  private let chosen: [String: Int]

  init(_ options: Options) throws {
    try self.init(options, bits: options.width("weights") ?? 8, edges: options.width("edges"), chosen: [:])
  }

  /// - edges: bits of the first and the last layer, where they are more; nil: as the others.
  /// - chosen: bits by layer name; the others have `bits`.
  init(_ options: Options, bits: Int, edges: Int?, chosen: [String: Int]) throws {
    self.bits = bits
    self.edges = max(edges ?? bits, bits)
    self.chosen = chosen
    usual = WeightCodes(
      bits: bits, isSymmetric: try options.flag("symmetric_weights"), isPerChannel: try options.string("granularity") == "channel",
      group: try options.width("group_size"))
  }

  /// How the weights of a layer become codes.
  func codes(_ layer: Layer) -> WeightCodes {
    var codes = usual
    if !layer.roles.isDisjoint(with: [.first, .last]) { codes.bits = edges }
    if let bits = chosen[layer.name] { codes.bits = bits }
    if layer.op == .conv { codes.group = nil }
    return codes
  }

  func rounding(_ options: Options) throws -> Rounding {
    switch try options.string("rounding") {
    case "nearest": .nearest
    case "compensated": .compensated
    case "reconstructed": .reconstructed
    default: bits == 8 && chosen.values.allSatisfy { $0 == 8 } ? .compensated : .reconstructed
    }
  }
}
