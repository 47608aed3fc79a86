import Graph
import Tensors

extension ReferenceOperator {
  /// saturate(round(x / scale) + zero point), rounding half to even; the division is in f32, as ONNX says.
  static let quantizeLinear = ReferenceOperator(.quantizeLinear) { call in
    let x = try call.input(0)
    let parameters = try QuantizationParameters(call)
    let bounds = call.dtype.integerBounds
    let (low, high) = (Double(bounds.lowerBound), Double(bounds.upperBound))
    let codes = x.floats().enumerated().map { index, value in
      let (scale, zero) = parameters[index]
      let shifted = Double((value / scale).rounded(.toNearestOrEven)) + Double(zero)
      return shifted.isNaN ? zero : Int(min(max(shifted, low), high))
    }
    return [try Tensor(call.dtype, x.shape, wrapping: codes)]
  }

  /// (x − zero point) · scale in f32.
  static let dequantizeLinear = ReferenceOperator(.dequantizeLinear) { call in
    let x = try call.input(0)
    let parameters = try QuantizationParameters(call)
    let values = try x.ints().enumerated().map { index, code in
      let (scale, zero) = parameters[index]
      return Float(code - zero) * scale
    }
    return [try Tensor(x.shape, values)]
  }
}

/// Scale and zero point of each element: one for all, or one for each slice along the axis.
private struct QuantizationParameters {
  let scales: [Float]
  let zeros: [Int]
  let stride: Int

  init(_ call: Call) throws {
    let x = try call.input(0)
    scales = try call.input(1).floats()
    zeros = try call.optional(2)?.ints() ?? [Int](repeating: 0, count: scales.count)
    if scales.count > 1 {
      let axis = try call.context.axis(default: 1, rank: x.shape.count)
      stride = x.shape[(axis + 1)...].reduce(1, *)
    } else {
      stride = 1
    }
  }

  subscript(index: Int) -> (Float, Int) {
    let slice = scales.count > 1 ? index / stride % scales.count : 0
    return (scales[slice], zeros[slice])
  }
}
