import Graph
import Tensors

extension ReferenceOperator {
  static let add = arithmetic(.add, { $0 + $1 }, { $0 &+ $1 })
  static let sub = arithmetic(.sub, { $0 - $1 }, { $0 &- $1 })
  static let mul = arithmetic(.mul, { $0 * $1 }, { $0 &* $1 })
  static let div = arithmetic(.div, { $0 / $1 }, nil)

  /// Element by element with broadcasting; Add may have an activation. Without `integers`, integers are divided.
  private static func arithmetic(
    _ op: Operator, _ floats: @escaping @Sendable (Double, Double) -> Double, _ integers: (@Sendable (Int, Int) -> Int)?
  ) -> ReferenceOperator {
    ReferenceOperator(op) { call in
      let (a, b) = (try call.input(0), try call.input(1))
      let shape = call.shape()
      guard call.dtype.isFloat else {
        let combined = try broadcast(a.wrappedInts(), a.shape, b.wrappedInts(), b.shape, to: shape) { left, right in
          try integers?(left, right) ?? divided(left, by: right, call)
        }
        return [try Tensor(call.dtype, shape, wrapping: combined)]
      }
      var elements = broadcast(a.doubles(), a.shape, b.doubles(), b.shape, to: shape, floats)
      try Activation(call.node.attributes).apply(to: &elements)
      return try call.rounded(elements)
    }
  }

  /// Rounded towards zero, as ONNX divides integers.
  private static func divided(_ left: Int, by right: Int, _ call: Call) throws -> Int {
    guard right != 0 else { throw Failure(.invalidArgument, "an integer is divided by zero", node: call.node.name) }
    if call.dtype == .u64 { return Int(bitPattern: UInt(bitPattern: left) / UInt(bitPattern: right)) }
    return left.dividedReportingOverflow(by: right).partialValue
  }

  private static func broadcast<Element>(
    _ a: [Element], _ aShape: [Int], _ b: [Element], _ bShape: [Int], to shape: [Int], _ combine: (Element, Element) throws -> Element
  ) rethrows -> [Element] {
    if aShape == bShape { return try zip(a, b).map { try combine($0, $1) } }
    let left = Offsets.walk(shape, strides: Broadcasting.strides(aShape, to: shape))
    let right = Offsets.walk(shape, strides: Broadcasting.strides(bShape, to: shape))
    return try zip(left, right).map { try combine(a[$0], b[$1]) }
  }
}
