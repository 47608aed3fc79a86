import Graph
import Tensors

/// Measures the original and the compressed graph side by side and writes down the figures.
struct ReportBuilder {
  let original: Graph
  let compressed: Graph
  let recipe: Recipe
  let samples: (any SampleSource)?
  let evaluator: any Evaluator
  let progress: ProgressReporter
  let ledger: Ledger

  /// Samples that the signal-to-noise ratios are taken over.
  static let noiseSamples = 8

  func build(machine: String, time: String, encodedByteCount: (Graph) throws -> Int) throws -> Report {
    let sample = try firstSample()
    let shapes = LayerCost.inputShapes(original, sample)
    let macs = shapes.map { LayerCost.macs(original, inputShapes: $0) } ?? [:]
    let macsAfter = shapes.map { LayerCost.macs(compressed, inputShapes: $0) } ?? [:]
    let (before, after) = (try Layer.all(in: original, transformed: true), try Layer.all(in: compressed, transformed: true))
    let noise = try signalToNoise(before, after)
    let alone = try LayersAlone(evaluator: evaluator, progress: progress).measure(ledger.floatTwin, compressed, samples)
    let times = try times(sample)
    let kept = Dictionary(after.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let rows = before.compactMap { old in
      kept[old.name].map { new in
        let chain = ledger.chain(of: old.name).compactMap { kept[$0] }.sorted { $0.node < $1.node } + [new]
        return row(old, chain, macs: macs, macsAfter: macsAfter, snr: noise.layers[old.name], alone[old.name], times)
      }
    }
    let zeros = Report.Change(before: zeroCount(original, before), after: zeroCount(compressed, after))
    let weights = Report.Change(before: elementCount(before, in: original), after: elementCount(after, in: compressed))
    try progress("measuring the file", 0, of: 1)
    // The file carries its own report, so the size with a report of the same length is the size of the file.
    let bytesBefore = try encodedByteCount(original)
    var report = Report(
      model: original.name, recipe: recipe.json, machine: machine, time: time, samples: samples?.count ?? 0,
      bytes: Report.Change(before: bytesBefore, after: bytesBefore),
      parameters: parameterCount(before, in: original), macs: LayerCost.total(macs),
      parametersAfter: parameterCount(after, in: compressed), macsAfter: LayerCost.total(macsAfter),
      zeros: Report.Change(
        before: Double(zeros.before) / Double(max(weights.before, 1)), after: Double(zeros.after) / Double(max(weights.after, 1))),
      milliseconds: Report.Change(before: times?.before.total, after: times?.after.total),
      signalToNoise: noise.output, layers: rows, refused: ledger.refusals, removed: ledger.removals, notes: ledger.notes)
    // The figure's own digits are part of what it counts: written until it is what it says.
    for _ in 0..<16 {
      var graph = compressed
      graph.metadata[Report.metadataKey] = report.toJSON()
      let count = try encodedByteCount(graph)
      if count == report.bytes.after { break }
      report.bytes.after = count
    }
    return report
  }

  /// - chain: the layer as it is now, last, and those that stand for it with it.
  private func row(
    _ old: Layer, _ chain: [Layer], macs: [String: Int], macsAfter: [String: Int], snr: Double?, _ alone: Report.Alone?, _ times: Times?
  ) -> Report.Layer {
    let forms = chain.map { compressed[$0.weight].constant?.form ?? "" }
    let after = chain.map { layer in times.flatMap { $0.layersAfter.milliseconds(of: layer.name, in: $0.after.nodes) } }
    let elements = chain.reduce(0) { $0 + $1.shape.reduce(1, *) }
    let zeros = chain.reduce(0) { $0 + (compressed[$1.weight].constant?.zeroCount ?? 0) }
    return Report.Layer(
      name: old.name, operator: old.op.rawValue, shape: chain.count > 1 ? old.shape : chain[0].shape,
      roles: (chain.count > 1 ? old : chain[0]).roles.map(\.rawValue).sorted(),
      format: forms.enumerated().filter { !forms[..<$0.offset].contains($0.element) }.map(\.element).joined(separator: ", ")
        + (chain.count > 1 ? " in \(chain.count) factors" : ""),
      bytes: Report.Change(
        before: storedBytes(old, in: original), after: chain.reduce(0) { $0 + storedBytes($1, in: compressed) }), macs: macs[old.name],
      zeros: Report.Change(before: zeroShare(original, old), after: Double(zeros) / Double(max(elements, 1))),
      milliseconds: Report.Change(
        before: times.flatMap { $0.layersBefore.milliseconds(of: old.name, in: $0.before.nodes) },
        // A chain that runs as one step counts under one of its nodes.
        after: after.allSatisfy { $0 == nil } ? nil : after.reduce(0.0) { $0 + ($1 ?? 0) }),
      signalToNoise: snr, alone: alone, factors: chain.count > 1 ? factors(old, chain, macsAfter) : nil)
  }

  private func factors(_ old: Layer, _ chain: [Layer], _ macs: [String: Int]) -> Report.Factors {
    let counts = chain.map { macs[$0.name] }
    return Report.Factors(
      shapes: chain.map(\.shape),
      parameters: Report.Change(before: parameterCount([old], in: original), after: parameterCount(chain, in: compressed)),
      macs: counts.contains(nil) ? nil : LayerCost.total(Dictionary(uniqueKeysWithValues: chain.map { ($0.name, macs[$0.name] ?? 0) })))
  }

  private func firstSample() throws -> [Tensor]? {
    if let samples, samples.count > 0 { return try samples.sample(0) }
    return try SyntheticSample.make(for: original)
  }

  // MARK: Bytes, parameters, zeros

  private func storedBytes(_ layer: Layer, in graph: Graph) -> Int {
    graph.nodes[layer.node].inputs.dropFirst().reduce(0) { $0 + ($1.flatMap { graph[$0].constant?.storedByteCount } ?? 0) }
  }

  /// Each weight and bias once, however many layers share it.
  private func parameterCount(_ layers: [Layer], in graph: Graph) -> Int {
    let ids = Set(layers.flatMap { graph.nodes[$0.node].inputs.dropFirst().compactMap { $0 } })
    return ids.reduce(0) { $0 + (graph[$1].constant?.count ?? 0) }
  }

  private func elementCount(_ layers: [Layer], in graph: Graph) -> Int {
    Set(layers.map(\.weight)).reduce(0) { $0 + (graph[$1].constant?.count ?? 0) }
  }

  private func zeroCount(_ graph: Graph, _ layers: [Layer]) -> Int {
    Set(layers.map(\.weight)).reduce(0) { $0 + (graph[$1].constant?.zeroCount ?? 0) }
  }

  private func zeroShare(_ graph: Graph, _ layer: Layer) -> Double {
    guard let weight = graph[layer.weight].constant, weight.count > 0 else { return 0 }
    return Double(weight.zeroCount) / Double(weight.count)
  }

  // MARK: Signal to noise

  private func signalToNoise(_ before: [Layer], _ after: [Layer]) throws -> (layers: [String: Double], output: Double?) {
    guard let samples, samples.count > 0 else { return ([:], nil) }
    let names = before.map(\.name).filter { name in after.contains { $0.name == name } }
    let known = Set(names)
    let reference = GraphRunner(
      original, observing: before.filter { known.contains($0.name) }.compactMap { original.nodes[$0.node].outputs.first },
      evaluator: evaluator)
    // What the layer's readers see: its output after quantization, where that is quantized.
    let uses = compressed.uses()
    let other = GraphRunner(
      compressed,
      observing: after.filter { known.contains($0.name) }.compactMap { layer in
        compressed.nodes[layer.node].outputs.first.map { compressed.dequantized($0, uses) ?? $0 }
      }, evaluator: evaluator)
    var ratios = [SignalToNoise](repeating: SignalToNoise(), count: names.count)
    var output = SignalToNoise()
    let count = min(samples.count, ReportBuilder.noiseSamples)
    for index in 0..<count {
      try progress("comparing with the float model", index, of: count)
      let sample = try samples.sample(index)
      let (a, b) = (try reference.run(sample), try other.run(sample))
      for (position, name) in names.enumerated() {
        ratios[position].add(
          reference: a.observed[position], other: b.observed[position], scales: ledger.outputScales[name])
      }
      if let first = a.outputs.first, let second = b.outputs.first { output.add(reference: first, other: second) }
    }
    var layers: [String: Double] = [:]
    for (name, ratio) in zip(names, ratios) { layers[name] = ratio.decibels }
    return (layers, output.decibels)
  }

  // MARK: Times

  private struct Times {
    let before: (total: Double, nodes: [String: Double])
    let after: (total: Double, nodes: [String: Double])
    /// By layer, with its conversions.
    let layersBefore: LayerTimes
    let layersAfter: LayerTimes
  }

  private func times(_ sample: [Tensor]?) throws -> Times? {
    guard let sample else {
      ledger.note("times were not measured: the input shapes are not known without samples")
      return nil
    }
    let graphs = [
      try evaluator.prepare(original, observing: [], like: sample), try evaluator.prepare(compressed, observing: [], like: sample),
    ]
    guard let series = try MeasureTimes.interleaved(graphs, sample, progress, ledger) else { return nil }
    return Times(
      before: series[0].medians, after: series[1].medians, layersBefore: LayerTimes(original), layersAfter: LayerTimes(compressed))
  }
}
