import Tensors

extension Weight {
  /// The weight with each slice along `axis` times its factor, in the same form; nil where the form cannot say that.
  ///
  /// Plain f32 elements are rounded once. Of affine elements only the scales change, so a factor must be above zero (or negative
  /// codes would be needed); the decoded values then differ from the product by one rounding of the scale.
  func scaled(by factors: [Double], axis: Int) -> Weight? {
    guard shape.indices.contains(axis), shape[axis] == factors.count else { return nil }
    switch elements {
    case .plain(let tensor):
      guard tensor.dtype == .f32 else { return nil }
      let stride = shape[(axis + 1)...].reduce(1, *)
      var floats = tensor.floats()
      forEachStored { stored, dense in
        floats[stored] = Float(Double(floats[stored]) * factors[dense / stride % factors.count])
      }
      guard let product = try? Tensor(tensor.shape, floats) else { return nil }
      return isDense ? Weight(product) : try? Weight(shape: shape, elements: .plain(product), arrangement: arrangement)
    case .affine(let codes, let quantization):
      guard quantization.axis == nil || quantization.axis == axis else { return nil }
      // One scale becomes one for each slice; groups of a slice all take its factor.
      let single = quantization.axis == nil, groups = max(quantization.scales.count / max(factors.count, 1), 1)
      let places = 0..<(single ? factors.count : quantization.scales.count)
      let scales = places.map { Float(Double(quantization.scales[single ? 0 : $0]) * factors[single ? $0 : $0 / groups]) }
      let zeros = places.map { quantization.zeroPoints[single ? 0 : $0] }
      guard
        let scaled = try? AffineQuantization(
          scales: scales, zeroPoints: zeros, axis: axis, bits: quantization.bits, group: quantization.group)
      else { return nil }
      return try? Weight(shape: shape, elements: .affine(codes: codes, scaled), arrangement: arrangement)
    }
  }
}
