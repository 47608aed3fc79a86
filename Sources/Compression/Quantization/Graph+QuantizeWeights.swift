import Graph
import Tensors

extension Graph {
  /// Stores the layers' weights as symmetric s8 codes; what is quantized already stays as it is, zeros stay zeros and what was
  /// stored sparsely is stored sparsely again.
  mutating func quantizeWeights(_ layers: [Layer], perChannel: Bool, progress: ProgressReporter) throws {
    for (index, layer) in layers.enumerated() {
      try progress("quantizing weights", index, of: layers.count)
      guard let weight = self[layer.weight].constant, weight.quantization == nil else { continue }
      // A weight that two layers read along different axes gets one scale, which suits both.
      let axes = Set(layers.filter { $0.weight == layer.weight }.map(\.outputAxis))
      let axis = perChannel && axes.count == 1 ? layer.outputAxis : nil
      self[layer.weight].constant = try quantized(decodedWeight(layer), axis: axis)
    }
  }

  private func quantized(_ tensor: Tensor, axis: Int?) throws -> Weight {
    var quantization: AffineQuantization?
    let codes = try Tensor(.s8, tensor.shape) { bytes in
      quantization = try QuantizeChannels.quantize(tensor.elements(as: Float.self), shape: tensor.shape, axis: axis, into: bytes)
    }
    guard let quantization else { throw Failure(.internal, "no scales were made") }
    return try Weight(shape: tensor.shape, elements: .affine(codes: codes, quantization), arrangement: .dense).compacted()
  }
}
