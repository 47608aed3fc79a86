/// Levels of several things, each the dearer and the less harmful the higher: bytes go to where each does most good, until there are no more
/// or the harm is small enough.
package struct SpendBits {
  /// By thing and level. A higher level never harms more.
  private let damage: [[Double]]
  private let bytes: [[Int]]

  /// - damage, bytes: by thing and level.
  package init(damage: [[Double]], bytes: [[Int]]) {
    self.damage = damage.map { curve in
      var (least, falling) = (Double.infinity, [Double]())
      for value in curve {
        least = min(least, value)
        falling.append(least)
      }
      return falling
    }
    self.bytes = bytes
  }

  /// - bytes: what all levels together may take; nil: no matter.
  /// - damage: what is good enough in all; nil: as little as the bytes allow.
  package func levels(bytes limit: Double?, damage enough: Double?) -> [Int] {
    var levels = [Int](repeating: 0, count: damage.count)
    var spent = Double(bytes.reduce(0) { $0 + ($1.first ?? 0) })
    while true {
      let harm = zip(damage, levels).reduce(0) { $0 + $1.0[$1.1] }
      if let enough, harm <= enough { return levels }
      var best: (thing: Int, level: Int, gain: Double)?
      for (thing, level) in levels.enumerated() {
        for next in level + 1..<max(damage[thing].count, level + 1) {
          let more = Double(bytes[thing][next] - bytes[thing][level])
          if let limit, spent + more > limit { break }
          let gain = (damage[thing][level] - damage[thing][next]) / max(more, 1)
          if gain > 0, gain > best?.gain ?? 0 { best = (thing, next, gain) }
        }
      }
      guard let best else { return levels }
      spent += Double(bytes[best.thing][best.level] - bytes[best.thing][levels[best.thing]])
      levels[best.thing] = best.level
    }
  }
}
