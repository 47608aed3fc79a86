import Compression
import Tensors
import Testing

@Suite struct RecipeTests {
  @Test func readsTheDocumentedExample() throws {
    let recipe = try Recipe(
      """
      {"name": "mine", "description": "small", "steps": [
        {"method": "prune.magnitude", "sparsity": 0.8, "scope": "global", "layers": {"exclude": ["first", "depthwise"]}},
        {"method": "quantize.affine", "weights": 8, "activations": 8, "calibrator": "percentile", "layers": ["Conv", "head*"]}]}
      """)
    #expect(recipe.name == "mine" && recipe.steps.count == 2 && recipe.needsCalibration)
    #expect(recipe.steps[0].layers == LayerSelector(exclude: ["first", "depthwise"]))
    #expect(recipe.steps[1].layers == LayerSelector(include: ["Conv", "head*"]))
    #expect(try recipe.steps[0].options.number("sparsity") == 0.8)
    #expect(try recipe.steps[0].options.string("score") == "magnitude")
    #expect(try recipe.steps[1].options.width("activations") == 8)
    #expect(try recipe.steps[1].options.flag("insist") == false)
  }

  @Test func noneIsNull() throws {
    for none in ["null", "\"none\""] {
      let recipe = try Recipe("{\"steps\": [{\"method\": \"quantize.affine\", \"activations\": \(none)}]}")
      #expect(try recipe.steps[0].options.width("activations") == nil && !recipe.needsCalibration)
    }
  }

  @Test func shippedRecipesRead() throws {
    #expect(Recipe.shipped.map(\.name) == ["int8", "w6a8", "w4a8", "weights-int8", "prune80", "prune80-int8"])
    for entry in Recipe.shipped {
      let recipe = try Recipe(entry.name)
      #expect(recipe.name == entry.name && recipe.description == entry.description)
    }
    #expect(message { try Recipe("int-8") }.contains("did you mean \"int8\"?"))
    #expect(message { try Recipe("") }.contains("int8, w6a8, w4a8, weights-int8"))
  }

  /// Each says where, what is wrong and what would be right.
  @Test(arguments: [
    ("[]", "must be an object"),
    ("{}", "steps: is missing"),
    ("{\"steps\": {}}", "steps: must be a list, not an object"),
    ("{\"steps\": []}", "steps: must have 1 to 100 entries"),
    ("{\"step\": []}", "step: unknown key; did you mean \"steps\"? The keys here are steps, name, description"),
    ("{\"steps\": [1]}", "steps[0]: must be an object"),
    ("{\"steps\": [{}]}", "steps[0].method: is missing; the methods are prune.magnitude, "),
    ("{\"steps\": [{\"method\": 3}]}", "steps[0].method: must be a string, not a number"),
    ("{\"steps\": [{\"method\": \"prune.magnitute\"}]}", "did you mean \"prune.magnitude\"?"),
    ("{\"steps\": [{\"method\": \"prune.magnitude\"}]}", "steps[0].sparsity: is missing"),
    ("{\"steps\": [{\"method\": \"prune.magnitude\", \"sparsity\": 1}]}", "steps[0].sparsity: must be a number from 0 to below 1, not 1"),
    ("{\"steps\": [{\"method\": \"prune.magnitude\", \"sparsity\": -0.1}]}", "not -0.1"),
    ("{\"steps\": [{\"method\": \"prune.magnitude\", \"sparsity\": \"0.5\"}]}", "not \"0.5\""),
    ("{\"steps\": [{\"method\": \"prune.magnitude\", \"sparsity\": 0.5, \"scope\": \"globel\"}]}", "did you mean \"global\"?"),
    ("{\"steps\": [{\"method\": \"prune.magnitude\", \"sparsity\": 0.5, \"scope\": null}]}", "must be \"layer\" or \"global\", not null"),
    (
      "{\"steps\": [{\"method\": \"quantize.affine\"}, {\"method\": \"quantize.affine\", \"calibratr\": 1}]}",
      "steps[1].calibratr: unknown key; did you mean \"calibrator\"? The keys here are method, layers, weights, edges"
    ),
    ("{\"steps\": [{\"method\": \"quantize.affine\", \"weights\": 9}]}", "steps[0].weights: must be 2, 3, 4, 5, 6, 7 or 8, not 9"),
    ("{\"steps\": [{\"method\": \"quantize.affine\", \"weights\": 8.5}]}", "must be 2, 3, 4, 5, 6, 7 or 8, not 8.5"),
    ("{\"steps\": [{\"method\": \"quantize.affine\", \"weights\": null}]}", "must be 2, 3, 4, 5, 6, 7 or 8, not null"),
    ("{\"steps\": [{\"method\": \"quantize.affine\", \"activations\": 16}]}", "must be 8 or null (none), not 16"),
    ("{\"steps\": [{\"method\": \"quantize.affine\", \"insist\": 1}]}", "steps[0].insist: must be true or false, not 1"),
    ("{\"steps\": [{\"method\": \"quantize.affine\", \"percentile\": 100.1}]}", "a number from 50 to 100"),
    ("{\"steps\": [{\"method\": \"quantize.affine\", \"layers\": 3}]}", "steps[0].layers: must be a pattern"),
    ("{\"steps\": [{\"method\": \"quantize.affine\", \"layers\": []}]}", "steps[0].layers: must have 1 to 1000 patterns"),
    ("{\"steps\": [{\"method\": \"quantize.affine\", \"layers\": [\"\"]}]}", "steps[0].layers[0]: must be a pattern"),
    (
      "{\"steps\": [{\"method\": \"quantize.affine\", \"layers\": {\"includes\": []}}]}",
      "steps[0].layers.includes: unknown key; did you mean \"include\"?"
    ),
    ("{\"steps\": [{\"method\": \"quantize.affine\", \"layers\": {\"include\": [3]}}]}", "steps[0].layers.include[0]: must be a pattern"),
    ("{\"steps\": [{\"method\": \"quantize.affine\"}], \"name\": 1}", "name: must be a string, not a number"),
    ("{\"steps\": [{\"method\": \"quantize.affine\", \"method\": \"x\"}]}", "the key \"method\" appears twice"),
    ("{\"steps\": [{\"method\": \"prune.magnitude\", \"sparsity\": NaN}]}", "not valid JSON"),
    ("{\"steps\": [{\"method\": \"prune.magnitude\", \"sparsity\": 1e999}]}", "not valid JSON"),
  ]) func refusesAndExplains(text: String, part: String) {
    #expect(status { try Recipe(text) } == .recipe)
    let said = message { try Recipe(text) }
    #expect(said.contains(part), "said: \(said)")
  }

  @Test func refusesTooManySteps() {
    let step = "{\"method\": \"prune.magnitude\", \"sparsity\": 0.1}"
    let text = "{\"steps\": [" + [String](repeating: step, count: 101).joined(separator: ",") + "]}"
    #expect(message { try Recipe(text) }.contains("1 to 100 entries, not 101"))
  }

  @Test func everyOptionDecodesItsOwnDefault() throws {
    for method in MethodRegistry.all {
      #expect(method.name.split(separator: ".").count == 2 && !method.summary.isEmpty)
      for option in method.options {
        #expect(!option.summary.isEmpty && !option.accepts.isEmpty)
        guard let fallback = option.fallback else { continue }
        var members = [JSONValue.Member("method", .string(method.name)), JSONValue.Member(option.key, fallback)]
        for other in method.options where other.fallback == nil { members.append(.init(other.key, 0)) }
        #expect(try Recipe(json: ["steps": [.object(members)]]).steps.count == 1)
      }
    }
  }
}
