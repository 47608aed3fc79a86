/// `random`: what any criterion must beat (Mittal et al. 2018). The same for equal seeds and equal names of layers.
struct RandomCriterion: ChannelCriterion {
  let name = "random"

  func scores(_ context: ChannelContext) throws -> [[Double]] {
    let seed = UInt64(try context.step.options.number("seed"))
    return context.groups.map { group in
      // FNV-1a over the name, then splitmix64 (Steele et al. 2014).
      var state: UInt64 = 0xcbf2_9ce4_8422_2325 ^ seed
      for byte in group.name.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
      return (0..<group.count).map { _ in
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return Double((mixed ^ mixed >> 31) >> 11) * 0x1p-53
      }
    }
  }
}
