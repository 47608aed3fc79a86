#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif
import Graph
import Tensors

/// What quantization does to each layer by itself: the layer, its weights and the codes of its input as they are now, reads what the float
/// network hands it.
struct LayersAlone {
  let evaluator: any Evaluator
  let progress: ProgressReporter

  /// Samples looked at, and the bytes of inputs that are kept for them at most.
  private static let samples = 4
  private static let budget = 256 << 20

  /// By layer name, for layers with quantized weights.
  ///
  /// - twin: the network before it was quantized; nil: nothing was.
  func measure(_ twin: Graph?, _ compressed: Graph, _ samples: (any SampleSource)?) throws -> [String: Report.Alone] {
    guard let twin else { return [:] }
    let floats = Dictionary(try Layer.all(in: twin).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let pairs = try Layer.all(in: compressed).compactMap { layer -> (float: Layer, quantized: Layer)? in
      guard compressed[layer.weight].constant?.quantization != nil, let float = floats[layer.name], float.shape == layer.shape
      else { return nil }
      return (float, layer)
    }
    let inputs = try inputs(pairs.map(\.float), of: twin, samples)
    var result: [String: Report.Alone] = [:]
    for (index, pair) in pairs.enumerated() {
      try progress("comparing layer by layer", index, of: pairs.count)
      let codes = try compressed.inputCodes(of: pair.quantized)
      var alone = Report.Alone(
        signalToNoise: nil, low: codes.map { (Double($0.scale) * Double(-$0.zeroPoint)).sixDigits },
        high: codes.map { (Double($0.scale) * Double(255 - $0.zeroPoint)).sixDigits }, inputSaturation: nil,
        weightSaturation: try saturation(twin[pair.float.weight].constant, compressed[pair.quantized.weight].constant).sixDigits)
      var (ratio, saturated, count) = (SignalToNoise(), 0, 0)
      let before = GraphRunner(try twin.isolate(sumsOf: pair.float), evaluator: evaluator)
      let after = GraphRunner(try compressed.isolate(sumsOf: pair.quantized), evaluator: evaluator)
      for sample in inputs {
        let x = sample[index]
        guard x.dtype == .f32, let wanted = try before.run([x]).outputs.first else { continue }
        var given = x
        if let codes {
          given = try codes.rounded(x, saturated: &saturated)
          count += x.count
        }
        if let made = try after.run([given]).outputs.first { ratio.add(reference: wanted, other: made) }
      }
      alone.signalToNoise = ratio.decibels?.sixDigits
      if count > 0 { alone.inputSaturation = (Double(saturated) / Double(count)).sixDigits }
      result[pair.quantized.name] = alone
    }
    return result
  }

  /// What the layers read, by sample and layer; nothing without samples.
  private func inputs(_ layers: [Layer], of twin: Graph, _ samples: (any SampleSource)?) throws -> [[Tensor]] {
    guard let samples, !layers.isEmpty else { return [] }
    let values = try layers.map { try twin.nodes[$0.node].requiredInput(0) }
    // A layer may read a constant, which is no value to observe.
    guard values.allSatisfy({ twin[$0].constant == nil }) else { return [] }
    let runner = GraphRunner(twin, observing: values, evaluator: evaluator)
    var (kept, bytes): ([[Tensor]], Int) = ([], 0)
    for index in 0..<min(samples.count, Self.samples) where bytes < Self.budget {
      kept.append(try runner.run(samples.sample(index)).observed)
      bytes += kept[kept.count - 1].reduce(0) { $0 + $1.byteCount }
    }
    return kept
  }

  /// The share of float weights that lie more than half a step beyond the least or the greatest code.
  private func saturation(_ float: Weight?, _ quantized: Weight?) throws -> Double {
    guard let float, let quantized, case .affine(let codes, let parameters) = quantized.elements, float.count > 0 else { return 0 }
    let range = AffineQuantization.codes(bits: parameters.bits, signed: codes.dtype == .s8)
    let index = parameters.scaleIndex(in: quantized.shape)
    var beyond = 0
    for (place, value) in try float.decoded().floats().enumerated() {
      let scale = index[place], code = Double(value) / Double(parameters.scales[scale]) + Double(parameters.zeroPoints[scale])
      if code < Double(range.lowerBound) - 0.5 || code > Double(range.upperBound) + 0.5 { beyond += 1 }
    }
    return Double(beyond) / Double(float.count)
  }
}

extension Graph {
  /// How the layer's input is quantized; nil where it reads floats, or codes that are not u8 with one scale.
  fileprivate func inputCodes(of layer: Layer) throws -> AffineParameters? {
    let input = try nodes[layer.node].requiredInput(0)
    guard let node = nodes.first(where: { $0.outputs.contains(input) }), node.op == .dequantizeLinear,
      let scale = try constant(node, 1), scale.dtype == .f32, scale.count == 1,
      let zero = try constant(node, 2), zero.dtype == .u8, zero.count == 1
    else { return nil }
    return AffineParameters(scale: scale.floats()[0], zeroPoint: Int32(zero.bytes[0]))
  }
}

extension AffineParameters {
  /// What u8 codes make of the values; adds to `saturated` how many lie more than half a step beyond the codes.
  fileprivate func rounded(_ tensor: Tensor, saturated: inout Int) throws -> Tensor {
    var beyond = 0
    let result = try Tensor(.f32, tensor.shape) { bytes in
      let out = bytes.bindMemory(to: Float.self)
      for (index, value) in tensor.elements(as: Float.self).enumerated() {
        let code = (value / scale).rounded(.toNearestOrEven) + Float(zeroPoint)
        if !(code >= 0 && code <= 255) { beyond += 1 }
        out[index] = (min(max(code, 0), 255) - Float(zeroPoint)) * scale
      }
    }
    saturated += beyond
    return result
  }
}

extension Double {
  /// Six decimal digits, the first of which is not zero: a report need not be longer.
  fileprivate var sixDigits: Double {
    guard isFinite, self != 0 else { return self }
    let power = pow(10, 5 - floor(log10(magnitude)))
    let digits = (self * power).rounded() / power
    return digits.isFinite ? digits : self
  }
}
