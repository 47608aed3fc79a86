extension NetworkBuilder {
  /// SqueezeNet's module (Iandola et al. 2016, figure 1): `squeeze` channels by 1×1, then side by side `expand` by 1×1 and by 3×3.
  mutating func fire(_ x: Feature, _ name: String, squeeze: Int, expand: Int) throws -> Feature {
    let squeezed = try conv(x, "\(name)/squeeze", squeeze, then: .relu)
    let one = try conv(squeezed, "\(name)/expand1x1", expand, then: .relu)
    let three = try conv(squeezed, "\(name)/expand3x3", expand, Window(3, padding: 1), then: .relu)
    return concat(one, three, "\(name)/concat")
  }
}
