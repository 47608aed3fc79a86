import Graph
import Tensors

extension Graph {
  /// Stores the layers' weights as codes; what is quantized already stays as it is, zeros stay zeros and what was
  /// stored sparsely is stored sparsely again.
  ///
  /// - codes: for each layer how.
  /// - moments: by layer name, of what the weights multiply; a layer that is there is rounded with `CompensatedRounding` (8 bits) or
  ///   `GramRounding`, the others to nearest.
  /// - fitsPairs: whether products of neighbours are to stay within 16 bits; see `WeightPairs`.
  /// - centred: whether mean errors will be taken off the biases, so that only the rest counts.
  mutating func quantizeWeights(
    _ layers: [Layer], codes: (Layer) -> WeightCodes, fitsPairs: Bool, moments: [String: InputMoments], centred: Bool,
    progress: ProgressReporter
  ) throws {
    for (index, layer) in layers.enumerated() {
      try progress("quantizing weights", index, of: layers.count)
      guard let weight = self[layer.weight].constant, weight.quantization == nil else { continue }
      // A weight that two layers read along different axes gets one scale, which suits both.
      let axes = Set(layers.filter { $0.weight == layer.weight }.map(\.outputAxis))
      var codes = codes(layer)
      if axes.count > 1 { (codes.isPerChannel, codes.group) = (false, nil) }
      guard codes.bits == 8, codes.isPlain else {
        let matrix = LayerMatrix(layer, try decodedWeight(layer))
        let gram = moments[layer.name].map { moments in (0..<moments.groups).map { moments.rounding(group: $0, centred: centred) } }
        self[layer.weight].constant = try QuantizeMatrix(layer: layer, codes: codes, gram: gram ?? [nil])
          .quantized(matrix, zeros: matrix) { try progress("quantizing weights", index, of: layers.count) }
        continue
      }
      let axis = codes.isPerChannel ? layer.outputAxis : nil
      self[layer.weight].constant = try quantized(
        decodedWeight(layer), layer, axis: axis, pairs: fitsPairs && axes.count == 1 ? layer.pairs : nil, moments: moments[layer.name],
        centred: centred)
    }
  }

  private func quantized(
    _ tensor: Tensor, _ layer: Layer, axis: Int?, pairs: WeightPairs?, moments: InputMoments?, centred: Bool
  ) throws -> Weight {
    var quantization: AffineQuantization?
    let codes = try Tensor(.s8, tensor.shape) { bytes in
      quantization = try QuantizeChannels.quantize(
        tensor.elements(as: Float.self), shape: tensor.shape, axis: axis, pairs: pairs.map { ($0, layer.outputAxis) }, into: bytes)
      if let moments, let scales = quantization?.scales {
        layer.round(tensor.elements(as: Float.self), scales: scales, pairs: pairs, moments: moments, centred: centred, into: bytes)
      }
    }
    guard let quantization else { throw Failure(.internal, "no scales were made") }
    return try Weight(shape: tensor.shape, elements: .affine(codes: codes, quantization), arrangement: .dense).compacted()
  }
}

extension Layer {
  /// The pairs in which a product's weights meet its inputs; nil for depthwise layers, which are made otherwise.
  fileprivate var pairs: WeightPairs? {
    guard op == .conv else { return WeightPairs(channels: shape.reduce(1, *) / max(shape[outputAxis], 1), taps: 1) }
    return shape[1] == 1 && groups > 1 ? nil : WeightPairs(channels: shape[1], taps: shape[2...].reduce(1, *))
  }

  /// Rounds the weight anew, output channel by output channel, where the moments say enough.
  fileprivate func round(
    _ weights: UnsafeBufferPointer<Float>, scales: [Float], pairs: WeightPairs?, moments: InputMoments, centred: Bool,
    into codes: UnsafeMutableRawBufferPointer
  ) {
    let outputs = shape[outputAxis], width = moments.width
    let perGroup = max(outputs / max(groups, 1), 1)
    var errors = [Float](repeating: 0, count: width)
    for group in 0..<moments.groups {
      guard let factor = moments.factor(group: group, centred: centred) else { continue }
      let rounding = CompensatedRounding(factor: factor, width: width, pairs: pairs)
      for output in group * perGroup..<min((group + 1) * perGroup, outputs) {
        // A channel's weights lie in one run, or in a column of a matrix.
        let (start, step) = outputAxis == 0 ? (output * width, 1) : (output, outputs)
        let scale = scales[scales.count == 1 ? 0 : output]
        rounding.round(weights, start: start, step: step, scale: scale, into: codes, errors: &errors)
      }
    }
  }
}
