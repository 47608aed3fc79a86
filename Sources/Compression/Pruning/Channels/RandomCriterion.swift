/// `random`: what any criterion must beat (Mittal et al. 2018). The same for equal seeds and equal names of layers.
struct RandomCriterion: ChannelCriterion {
  let name = "random"

  func scores(_ context: ChannelContext) throws -> [[Double]] {
    let seed = UInt64(try context.step.options.number("seed"))
    return context.groups.map { group in
      // FNV-1a over the name.
      var state: UInt64 = 0xcbf2_9ce4_8422_2325 ^ seed
      for byte in group.name.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
      var random = SplitMix64(seed: state)
      return (0..<group.count).map { _ in random.unit() }
    }
  }
}
