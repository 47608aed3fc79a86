import Graph

/// The layers that read a group's channels, with what it takes to judge the channels and to correct the layers when some are gone.
package struct GroupReaders {
  package let group: PruningGroup
  /// nil where no reader has least squares.
  package let contributions: ContributionMoments?

  private let readers: [(reader: ChannelReader, moments: TargetMoments)]

  /// - graph: before channels of the group are cut.
  package init(_ group: PruningGroup, in graph: Graph, _ targets: OriginalTargets) throws {
    self.group = group
    var sums = ContributionMoments(count: group.count)
    var measured: [(ChannelReader, TargetMoments)] = []
    for reader in try ChannelReader.all(of: group, in: graph) {
      guard try graph.hasPlainSums(reader.layer), let moments = try targets.moments(reader.layer, in: graph) else { continue }
      try sums.add(
        moments.all, LayerMatrix(reader.layer, graph.decodedWeight(reader.layer)), channels: reader.channels,
        centred: graph.canSetBias(reader.layer), multiply: targets.multiply)
      measured.append((reader, moments))
    }
    readers = measured
    contributions = measured.isEmpty ? nil : sums
  }

  /// Corrects the readers in the graph from which these channels are gone; those that made some of them too are left as they are.
  package func refit(_ refit: ChannelRefit, without removed: [Int], in graph: inout Graph) throws {
    let gone = Set(removed), layers = try Layer.all(in: graph)
    for (reader, moments) in readers {
      guard let layer = layers.first(where: { $0.name == reader.layer.name }),
        layer.shape[layer.outputAxis] == reader.layer.shape[layer.outputAxis]
      else { continue }
      try refit.refit(layer, in: &graph, moments) { reader.columns(without: gone, group: $0, width: moments.all.width) }
    }
  }
}
