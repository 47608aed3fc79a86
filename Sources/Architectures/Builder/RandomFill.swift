import Tensors

/// How a tensor of a fresh network is filled.
enum RandomFill {
  /// Normal numbers with mean 0 and this standard deviation.
  case normal(Double)
  /// Uniform numbers at most `radius` away from `center`.
  case uniform(center: Double, radius: Double)

  /// The tensor numbered `stream` of the network with this seed.
  func tensor(_ shape: [Int], seed: UInt64, stream: Int) throws -> Tensor {
    let random = RandomStream(seed: seed, stream: stream)
    return try Tensor(.f32, shape) { bytes in
      let values = bytes.bindMemory(to: Float.self)
      switch self {
      case .uniform(let center, let radius):
        for index in values.indices { values[index] = Float(center + radius * random.uniform(index)) }
      case .normal(let deviation):
        for pair in 0..<values.count / 2 {
          let (one, other) = random.normals(pair)
          values[2 * pair] = Float(deviation * one)
          values[2 * pair + 1] = Float(deviation * other)
        }
        if values.count % 2 == 1 { values[values.count - 1] = Float(deviation * random.normals(values.count / 2).0) }
      }
    }
  }
}
