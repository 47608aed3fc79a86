import Tensors

extension Recipe {
  /// The recipes that ship with the library, by name.
  package static let shipped: [(name: String, description: String, json: String)] = [
    (
      "int8", "8-bit weights and activations, calibrated: about a quarter of the file, and integer arithmetic",
      #"{"steps": [{"method": "quantize.affine", "weights": 8, "activations": 8}]}"#
    ),
    (
      "w6a8", "6-bit weights and 8-bit activations, fitted to what the float network makes: takes a minute or more",
      #"{"steps": [{"method": "quantize.affine", "weights": 6, "activations": 8}]}"#
    ),
    (
      "w4a8", "4-bit weights (8 in the first and the last layer) and 8-bit activations, fitted likewise: an eighth of the file",
      #"{"steps": [{"method": "quantize.affine", "weights": 4, "activations": 8}]}"#
    ),
    (
      "weights-int8", "8-bit weights, float activations: about a quarter of the file, no calibration needed",
      #"{"steps": [{"method": "quantize.affine", "weights": 8, "activations": null}]}"#
    ),
    (
      "prune80", "the smallest 80 % of each layer's weights removed, for networks that are trained further: else accuracy is lost",
      #"{"steps": [{"method": "prune.magnitude", "sparsity": 0.8}]}"#
    ),
    (
      "prune80-int8", "80 % of the weights removed, for networks that are trained further, then 8-bit weights and activations",
      #"{"steps": [{"method": "prune.magnitude", "sparsity": 0.8}, {"method": "quantize.affine", "weights": 8, "activations": 8}]}"#
    ),
  ]

  /// - Throws: `recipe` listing the names there are.
  package static func named(_ name: String) throws -> Recipe {
    guard let entry = shipped.first(where: { $0.name == name }) else {
      let names = shipped.map(\.name)
      let shown = String(name.prefix(80))
      let near = NearestName.to(name, among: names).map { "; did you mean \"\($0)\"?" } ?? "."
      throw Failure(
        .recipe, "\"\(shown)\" is neither JSON nor the name of a recipe\(near) The named recipes are \(names.joined(separator: ", "))")
    }
    var recipe = try Recipe(json: JSONValue(parsing: entry.json))
    recipe.name = entry.name
    recipe.description = entry.description
    return recipe
  }
}
