import Graph
import Tensors

extension Graph {
  /// Takes the mean error that changed weights cause off the biases: b′ = b − Σ (Ŵ − W)·E[x] (Nagel et al. 2019, section 4.2,
  /// with the means measured). Means are taken over whole maps, so at a padded border the correction is the interior's.
  ///
  /// - reference: the same graph with the weights as they were.
  /// - means: by layer name, the mean of each input channel; a layer that is not there is left alone.
  mutating func correctBiases(_ layers: [Layer], reference: Graph, means: [String: [Double]]) throws {
    var names = FreshNames(self)
    for layer in layers {
      guard let mean = means[layer.name], let before = reference[layer.weight].constant, let after = self[layer.weight].constant,
        let shift = try layer.meanShift(before: before.decoded(), after: after.decoded(), mean: mean)
      else { continue }
      let node = nodes[layer.node]
      guard node.op != .matMul else { continue }
      let channels = shift.count
      var bias = [Float](repeating: 0, count: channels)
      if let id = node.input(2) {
        guard let old = self[id].constant, old.dtype == .f32, old.count == channels || (old.count == 1 && node.op == .gemm)
        else { continue }
        let values = try old.decoded().floats()
        bias = (0..<channels).map { values[values.count == 1 ? 0 : $0] }
      }
      let corrected = zip(bias, shift).map { Float(Double($0) - $1) }
      guard corrected.allSatisfy(\.isFinite) else { continue }
      // A constant of its own: another layer may share the old one.
      let stem = node.input(2).map { self[$0].name } ?? layer.name + "/bias"
      let id = addConstant(names.make(stem + "/corrected"), try Tensor([channels], corrected))
      while nodes[layer.node].inputs.count < 3 { nodes[layer.node].inputs.append(nil) }
      nodes[layer.node].inputs[2] = id
    }
  }
}

extension Layer {
  /// For each output channel Σ over input channels and taps of (after − before)·mean; nil where the means do not fit the shape.
  func meanShift(before: Tensor, after: Tensor, mean: [Double]) throws -> [Double]? {
    guard before.shape == after.shape, before.shape == shape, mean.count == shape[inputAxis] * groups else { return nil }
    let (a, b) = (before.elements(as: Float.self), after.elements(as: Float.self))
    let outputs = shape[outputAxis], inputs = shape[inputAxis]
    let outputStride = shape[(outputAxis + 1)...].reduce(1, *), inputStride = shape[(inputAxis + 1)...].reduce(1, *)
    let perGroup = max(outputs / max(groups, 1), 1)
    var shift = [Double](repeating: 0, count: outputs)
    for index in 0..<a.count where a[index] != b[index] {
      let output = index / outputStride % outputs
      let input = output / perGroup * inputs + index / inputStride % inputs
      guard mean.indices.contains(input) else { return nil }
      shift[output] += (Double(b[index]) - Double(a[index])) * mean[input]
    }
    return shift
  }
}
