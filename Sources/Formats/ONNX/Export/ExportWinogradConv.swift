import Graph
import Tensors

extension ExportRule {
  /// WinogradConv as what it is made of: a convolution with a channel for each point (the transform of the input), a 1 × 1 convolution for each
  /// point as groups, one for each output channel (the way back), and the pixels of tiles put in their places. The image's size must be known.
  static let winogradConv = ExportRule { exporter, node in
    let (x, u) = (try node.requiredInput(0), try node.requiredInput(1))
    let form = try WinogradTile(node.attributes)
    guard let weight = exporter.graph[u].constant, weight.shape.count == 4, weight.count > 0, weight.shape[2] == form.side,
      weight.shape[3] == form.side
    else { throw Failure(.unsupported, "the coefficients of WinogradConv must be constant", node: node.name) }
    let window = try WindowAttributes(node.attributes, kernel: [3, 3])
    guard let extents = exporter.graph[x].type?.shape.flatMap({ $0.count == 4 ? Array($0.dropFirst(2)).fixed : nil }) else {
      throw Failure(
        .unsupported, "WinogradConv goes into an ONNX file only with the image's height and width known; save the model as .nsk",
        node: node.name)
    }
    let axes = try window.axes(over: extents)
    let (outputs, channels, points, tile) = (weight.shape[0], weight.shape[1], form.points, form.tile)
    let tiles = axes.map { form.tiles(over: $0.output) }
    let output = exporter.graph[node.outputs[0]].name
    let (spread, gather) = (form.inputMatrix, form.outputMatrix)

    // [C · points, 1, side, side], and pads such that the tiles cover the output.
    var kernels: [Float] = []
    for point in 0..<points {
      for i in 0..<form.side {
        for j in 0..<form.side {
          kernels.append(Float(spread[point / form.side * form.side + i] * spread[point % form.side * form.side + j]))
        }
      }
    }
    let inward = try exporter.initializer(
      Tensor([channels * points, 1, form.side, form.side], (0..<channels).flatMap { _ in kernels }), stem: "\(output)_in")
    let ends = axes.indices.map { tiles[$0] * tile + 2 - axes[$0].input - axes[$0].padBegin }
    let spreadOut = exporter.fresh("\(output)_points")
    exporter.add(
      "Conv", [try exporter.name(x), inward], spreadOut, node: spreadOut,
      [
        "group": .int(channels), "strides": .ints([tile, tile]),
        "pads": .ints([axes[0].padBegin, axes[1].padBegin, ends[0], ends[1]]),
      ])
    let byPoint = try exporter.swapChannels(spreadOut, channels, points, tiles)

    let coefficients = try weight.decoded().floats()
    var ordered = [Float](repeating: 0, count: coefficients.count)
    for pair in 0..<outputs * channels {
      for point in 0..<points { ordered[point * outputs * channels + pair] = coefficients[pair * points + point] }
    }
    let products = exporter.fresh("\(output)_products")
    let matrix = try exporter.initializer(Tensor([points * outputs, channels, 1, 1], ordered), stem: "\(output)_coefficients")
    exporter.add("Conv", [byPoint, matrix], products, node: products, ["group": .int(points)])
    let byOutput = try exporter.swapChannels(products, points, outputs, tiles)

    var rows: [Float] = []
    for y in 0..<tile {
      for x in 0..<tile {
        for point in 0..<points {
          rows.append(Float(gather[y * form.side + point / form.side] * gather[x * form.side + point % form.side]))
        }
      }
    }
    let outward = try exporter.initializer(
      Tensor([outputs * tile * tile, points, 1, 1], (0..<outputs).flatMap { _ in rows }), stem: "\(output)_out")
    var inputs = [byOutput, outward]
    if let bias = node.input(2) {
      guard let floats = try exporter.graph[bias].constant?.decoded().floats() else {
        throw Failure(.unsupported, "the bias of WinogradConv must be constant", node: node.name)
      }
      let repeated = floats.flatMap { [Float](repeating: $0, count: tile * tile) }
      inputs.append(try exporter.initializer(Tensor([repeated.count], repeated), stem: "\(output)_bias"))
    }
    let pixels = exporter.fresh("\(output)_pixels")
    exporter.add("Conv", inputs, pixels, node: pixels, ["group": .int(outputs)])

    let parts = exporter.fresh("\(output)_tiles"), lines = exporter.fresh("\(output)_lines")
    let split = try exporter.integers([-1, outputs, tile, tile] + tiles, stem: "\(parts)_shape")
    exporter.add("Reshape", [pixels, split], parts, node: parts)
    exporter.add("Transpose", [parts], lines, node: lines, ["perm": .ints([0, 1, 4, 2, 5, 3])])
    let whole = exporter.fresh("\(output)_image")
    let image = try exporter.integers([-1, outputs] + tiles.map { $0 * tile }, stem: "\(whole)_shape")
    exporter.add("Reshape", [lines, image], whole, node: whole)
    let activation = try Activation(node.attributes)
    let cut = activation == .none ? output : exporter.fresh("\(output)_linear")
    let bounds = try [[0, 0], axes.map(\.output), [2, 3]].enumerated().map {
      try exporter.integers($0.element, stem: "\(output)_cut\($0.offset)")
    }
    exporter.append("Slice", [whole] + bounds, [cut], name: node.name, [:])
    if activation != .none { try exporter.write(activation, cut, output) }
  }
}

extension ONNXExporter {
  /// Channel a · count + b of `a` groups becomes channel b · a's number + a.
  fileprivate mutating func swapChannels(_ source: String, _ groups: Int, _ count: Int, _ tiles: [Int]) throws -> String {
    let split = fresh("\(source)_split"), turned = fresh("\(source)_turned"), merged = fresh("\(source)_merged")
    let matrix = try integers([-1, groups, count, tiles[0] * tiles[1]], stem: "\(split)_shape")
    add("Reshape", [source, matrix], split, node: split)
    add("Transpose", [split], turned, node: turned, ["perm": .ints([0, 2, 1, 3])])
    let image = try integers([-1, groups * count] + tiles, stem: "\(merged)_shape")
    add("Reshape", [turned, image], merged, node: merged)
    return merged
  }
}
