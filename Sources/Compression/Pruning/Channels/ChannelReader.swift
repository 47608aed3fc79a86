import Graph

/// A layer that reads channels of a group.
package struct ChannelReader {
  package let layer: Layer
  /// For each of its input channels, groups of a convolution in order, the channel of the group that it carries; nil: of another group.
  package let channels: [Int?]

  /// The layers whose weights have columns for the group's channels, in the network's order. Depthwise convolutions are not among them: they
  /// pass channels on.
  package static func all(of group: PruningGroup, in graph: Graph) throws -> [ChannelReader] {
    try Layer.all(in: graph).compactMap { layer in
      guard layer.shape[layer.inputAxis] * layer.groups > 1,
        let member = group.members.first(where: { $0.value == layer.weight && $0.axis == layer.inputAxis })
      else { return nil }
      // Grouped convolutions list the input channels of all groups.
      guard member.extent == layer.shape[layer.inputAxis] * layer.groups else { return nil }
      var channels = [Int?](repeating: nil, count: member.extent)
      for (position, channel) in zip(member.positions, member.channels) { channels[position] = channel }
      return ChannelReader(layer: layer, channels: channels)
    }
  }

  /// The columns of one group's matrix that are left when channels are removed, `width` of them before.
  func columns(without removed: Set<Int>, group: Int, width: Int) -> [Int] {
    let inputs = channels.count / max(layer.groups, 1)
    guard inputs > 0, width % inputs == 0 else { return [] }
    let taps = width / inputs
    return (0..<width).filter { column in channels[group * inputs + column / taps].map { !removed.contains($0) } ?? true }
  }
}
