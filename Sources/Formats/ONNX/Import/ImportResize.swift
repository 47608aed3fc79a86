import Graph
import Tensors

extension ImportRule {
  /// Resize, as of opset 10 on. The graph has two scales as an attribute, or two sizes as an input.
  static let resize = ImportRule(
    "Resize", inputs: 1...4,
    attributes: [
      "antialias", "axes", "coordinate_transformation_mode", "exclude_outside", "keep_aspect_ratio_policy", "mode", "nearest_mode",
    ], ignored: ["cubic_coeff_a", "extrapolation_value"]
  ) { importer, node in
    for (name, plain) in [("antialias", 0), ("exclude_outside", 0)] where try node.int(name, default: plain) != plain {
      throw node.unsupported("Resize with \(name) is not supported")
    }
    guard try node.string("keep_aspect_ratio_policy") ?? "stretch" == "stretch" else {
      throw node.unsupported("Resize with a keep_aspect_ratio_policy is not supported")
    }
    let axes = try node.ints("axes") ?? [0, 1, 2, 3]
    guard node.opset > 10 else {
      return try importer.emitResize(
        node, scales: importer.input(node, 1), sizes: nil, axes, ["coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"])
    }
    var words: [String: String] = [:]
    for name in ["coordinate_transformation_mode", "nearest_mode"] { words[name] = try node.string(name) }
    try importer.emitResize(node, scales: importer.input(node, 2), sizes: importer.input(node, 3), axes, words)
  }

  /// Upsample of opsets 7 to 9: Resize before it had that name.
  static let upsample = ImportRule("Upsample", inputs: 1...2, attributes: ["mode", "scales"]) { importer, node in
    var scales = try importer.input(node, 1)
    if let given = try node.floats("scales") {
      scales = importer.constant(try Tensor([given.count], given), stem: "\(node.name)_scales")
    }
    try importer.emitResize(
      node, scales: scales, sizes: nil, [0, 1, 2, 3], ["coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"])
  }
}

extension ONNXImporter {
  /// `scales` or `sizes` of `axes`, of which those of height and width are kept; the others must stay as they are. An input without elements
  /// is one that is left out.
  fileprivate mutating func emitResize(
    _ node: SourceNode, scales: ValueID?, sizes: ValueID?, _ axes: [Int], _ words: [String: String]
  ) throws {
    var attributes: [String: Attribute] = words.mapValues { .string($0) }
    let mode = try node.string("mode") ?? "nearest"
    attributes["mode"] = .string(mode == "bilinear" ? "linear" : mode)
    let x = try input(node, 0)
    let places = axes.map { $0 < 0 ? $0 + 4 : $0 }
    guard let height = places.firstIndex(of: 2), let width = places.firstIndex(of: 3), Set(places).count == places.count,
      places.allSatisfy({ (0..<4).contains($0) })
    else { throw node.unsupported("Resize of the axes \(axes); only images [N, C, H, W] are supported") }
    if let scales, constant(scales)?.count != 0 {
      guard let given = try constant(scales)?.decoded().floats() else { throw node.unsupported("the scales of Resize must be constant") }
      guard given.count == axes.count else {
        throw node.unsupported("Resize with \(given.count) scales; only images [N, C, H, W] are supported")
      }
      for (place, scale) in zip(places, given) where place < 2 && scale != 1 {
        throw node.unsupported("Resize of batch or channels is not supported")
      }
      attributes["scales"] = .floats([given[height], given[width]])
      return emit(.resize, node, [x], attributes)
    }
    guard let sizes, constant(sizes)?.count != 0 else { throw node.malformed("Resize needs scales or sizes") }
    if let given = try constant(sizes)?.decoded().ints() {
      guard given.count == axes.count else {
        throw node.unsupported("Resize with \(given.count) sizes; only images [N, C, H, W] are supported")
      }
      let kept = try integers([given[height], given[width]], stem: "\(node.name)_sizes")
      return emit(.resize, node, [x, kept], attributes)
    }
    let taken = try integers([height, width], stem: "\(node.name)_axes")
    let kept = try add(.gather, [sizes, taken], ["axis": .int(0)], stem: "\(node.name)_sizes")
    emit(.resize, node, [x, kept], attributes)
  }
}
