import Graph
import Tensors

/// Removed channels that are constant whatever the input, because all filters that make them are zero: without samples, what they contributed
/// goes into the biases of the layers that read them. (At a padded border a constant contributes less than inside; the bias is the inside's.)
struct ConstantChannels {
  /// What each reader's outputs had from constant channels that go, by the reader's name.
  private var contributions: [String: [Double]] = [:]

  /// - removed: by group of `dependencies`.
  init(_ removed: [Int: [Int]], _ dependencies: ChannelDependencies, _ step: StepContext) throws {
    let graph = dependencies.graph, layers = try Layer.all(in: graph)
    var folded: [(reader: ChannelReader, channels: Set<Int>)] = []
    for (index, channels) in removed.sorted(by: { $0.key < $1.key }) {
      let group = dependencies.groups[index]
      let constant = try ConstantChannels.constant(among: Set(channels), group, graph, layers)
      guard !constant.isEmpty else { continue }
      for reader in try ChannelReader.all(of: group, in: graph) where graph.canSetBias(reader.layer) { folded.append((reader, constant)) }
    }
    guard !folded.isEmpty, let sample = try SyntheticSample.make(for: graph) else { return }
    let inputs = try folded.map { try graph.nodes[$0.reader.layer.node].requiredInput(0) }
    let observed = try GraphRunner(graph, observing: inputs, evaluator: step.evaluator).run(sample).observed
    for ((reader, channels), tensor) in zip(folded, observed) {
      let layer = reader.layer, axis = layer.op == .conv ? 1 : tensor.shape.count - 1
      guard tensor.dtype == .f32, tensor.shape.indices.contains(axis), tensor.shape[axis] == reader.channels.count else { continue }
      let matrix = LayerMatrix(layer, try graph.decodedWeight(layer))
      let inputs = reader.channels.count / max(layer.groups, 1), taps = matrix.width / max(inputs, 1)
      var sums = contributions[layer.name] ?? [Double](repeating: 0, count: matrix.rows)
      for (input, channel) in reader.channels.enumerated() {
        guard let channel, channels.contains(channel), let value = tensor.constant(at: input, axis: axis) else { continue }
        for row in 0..<matrix.rows where row / matrix.rowsPerGroup == input / inputs {
          let first = row * matrix.width + input % inputs * taps
          for weight in matrix.elements[first..<first + taps] { sums[row] += Double(weight) * Double(value) }
        }
      }
      contributions[layer.name] = sums
    }
  }

  /// Channels of which every filter that makes them is zero.
  private static func constant(among channels: Set<Int>, _ group: PruningGroup, _ graph: Graph, _ layers: [Layer]) throws -> Set<Int> {
    var constant = channels
    for layer in layers where group.producers.contains(layer.node) {
      for member in group.members where member.value == layer.weight && member.axis == layer.outputAxis {
        let matrix = LayerMatrix(layer, try graph.decodedWeight(layer))
        for (position, channel) in zip(member.positions, member.channels) where constant.contains(channel) {
          let row = matrix.elements[position * matrix.width..<(position + 1) * matrix.width]
          if !row.allSatisfy({ $0 == 0 }) { constant.remove(channel) }
        }
      }
    }
    return constant
  }

  /// Adds what was contributed to the biases of the graph from which the channels are gone.
  func fold(into graph: inout Graph, _ targets: OriginalTargets) throws {
    for layer in try Layer.all(in: graph) {
      guard let sums = contributions[layer.name], sums.contains(where: { $0 != 0 }), sums.allSatisfy(\.isFinite) else { continue }
      let kept = targets.left(of: layer.name).map { $0.map { sums[$0] } } ?? sums
      let old = try graph.nodes[layer.node].input(2).flatMap { try graph[$0].constant?.decoded().floats() } ?? [0]
      guard kept.count == layer.shape[layer.outputAxis] else { continue }
      try graph.setBias(layer, kept.enumerated().map { Float(Double(old[old.count == 1 ? 0 : $0]) + $1) })
    }
  }
}

extension Tensor {
  /// The value at one position of an axis where it is the same everywhere; nil where it varies.
  fileprivate func constant(at position: Int, axis: Int) -> Float? {
    let (extent, inner) = (shape[axis], shape[(axis + 1)...].reduce(1, *))
    let values = elements(as: Float.self)
    guard inner > 0, values.count > position * inner else { return nil }
    let value = values[position * inner]
    for row in 0..<values.count / (extent * inner) {
      let first = (row * extent + position) * inner
      guard values[first..<first + inner].allSatisfy({ $0 == value }) else { return nil }
    }
    return value
  }
}
