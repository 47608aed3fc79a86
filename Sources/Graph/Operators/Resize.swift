import Tensors

/// Resize of the two spatial axes of an image [N, C, H, W], by nearest neighbours or by lines between two (ONNX Resize 18).
/// Inputs X and, without the attribute `scales` of height and width, the two sizes.
extension Schema {
  static let resize: [Schema] = [
    Schema(
      .resize, inputs: 1...2, attributes: ["coordinate_transformation_mode", "mode", "nearest_mode", "scales"], infer: inferResize)
  ]

  private static func inferResize(_ context: InferenceContext) throws -> [ValueType] {
    let type = try context.floatType(0)
    var shape = try context.shape(0)
    let resampling = try Resampling(context)
    guard shape.count == 4 else {
      throw Failure(.unsupported, "Resize of rank \(shape.count); only images [N, C, H, W] are supported", node: context.node.name)
    }
    if let scales = resampling.scales {
      for (axis, scale) in zip([2, 3], scales) where scale != 1 {
        guard let extent = shape[axis].value else {
          shape[axis] = context.unknownDim(axis)
          continue
        }
        let scaled = (Float(extent) * scale).rounded(.down)
        guard scaled <= 0x1p24 else { throw context.failure("a scale of \(scale) makes axis \(axis) too long") }
        shape[axis] = .fixed(Int(scaled))
      }
    } else {
      try context.requireIntegers(1)
      let sizes = context.dims(1)
      guard sizes.map({ $0.count == 2 }) ?? true else { throw context.failure("Resize needs two sizes, for height and width") }
      for axis in [2, 3] {
        let size = sizes?[axis - 2] ?? context.unknownDim(axis)
        if let size = size.value, size < 1 || size > 1 << 24 { throw context.failure("the size \(size) of axis \(axis) is out of range") }
        shape[axis] = size
      }
    }
    for axis in [2, 3] where try context.shape(0)[axis].value == 0 && shape[axis].value != 0 {
      throw context.failure("axis \(axis) is empty: there is nothing to resize")
    }
    return [ValueType(type.dtype, shape)]
  }
}

/// How a Resize node takes its pixels.
package struct Resampling: Sendable {
  /// An output position along one axis: `(1 − weight) · input[first] + weight · input[second]`.
  package struct Tap: Sendable, Equatable {
    package let first: Int
    package let second: Int
    package let weight: Float
  }

  package let isNearest: Bool
  /// Of height and width; nil: sizes are given, and the scales are what they come to.
  package let scales: [Float]?
  private let coordinates: String
  private let rounding: String

  private static let coordinateModes = ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "asymmetric", "align_corners"]
  private static let roundings = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]

  package init(_ context: InferenceContext) throws {
    let node = context.node
    func choice(_ name: String, _ fallback: String, _ known: [String]) throws -> String {
      let value = try node.attributes.string(name, default: fallback)
      guard known.contains(value) else {
        throw Failure(
          .unsupported, "Resize with \(name) '\(value)' is not supported; these are: \(known.joined(separator: ", "))", node: node.name)
      }
      return value
    }
    isNearest = try choice("mode", "nearest", ["nearest", "linear"]) == "nearest"
    coordinates = try choice("coordinate_transformation_mode", "half_pixel", Resampling.coordinateModes)
    rounding = try choice("nearest_mode", "round_prefer_floor", Resampling.roundings)
    let given = try node.attributes.floats("scales")
    guard (given == nil) != (node.input(1) == nil) else { throw context.failure("Resize needs either scales or sizes") }
    guard given.map({ $0.count == 2 && $0.allSatisfy { $0 > 0 && $0 <= 0x1p20 } }) ?? true else {
      throw context.failure("Resize needs two scales above 0, for height and width")
    }
    scales = given
  }

  /// Where each of `output` positions along an axis (0: height, 1: width) of `input` pixels comes from. Coordinates are computed in f32.
  package func taps(axis: Int, input: Int, output: Int) -> [Tap] {
    let scale = scales?[axis] ?? Float(output) / Float(max(input, 1))
    return (0..<output).map { position in
      let x = source(Float(position), scale, input: Float(input), output: Float(output))
      let last = max(input - 1, 0)
      if isNearest {
        let rounded: Float
        switch rounding {
        case "round_prefer_floor": rounded = (x - 0.5).rounded(.up)
        case "round_prefer_ceil": rounded = (x + 0.5).rounded(.down)
        case "floor": rounded = x.rounded(.down)
        default: rounded = x.rounded(.up)
        }
        let place = Int(min(max(rounded, 0), Float(last)))
        return Tap(first: place, second: place, weight: 0)
      }
      let inside = min(max(x, 0), Float(last))
      let first = min(Int(inside), last)
      return Tap(first: first, second: min(first + 1, last), weight: inside - Float(first))
    }
  }

  /// The coordinate of an output position in the input.
  private func source(_ position: Float, _ scale: Float, input: Float, output: Float) -> Float {
    switch coordinates {
    case "asymmetric": return position / scale
    case "align_corners": return output == 1 ? 0 : position * (input - 1) / (output - 1)
    case "pytorch_half_pixel": return output > 1 ? (position + 0.5) / scale - 0.5 : 0
    case "half_pixel_symmetric":
      let center = input / 2
      return center * (1 - output / (scale * input)) + (position + 0.5) / scale - 0.5
    default: return (position + 0.5) / scale - 0.5
    }
  }
}
