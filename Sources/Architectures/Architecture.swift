import Graph
import Tensors

/// A network of the literature that can be built with random weights: its name, its options, and how its graph is made.
package struct Architecture: Sendable {
  typealias Body = @Sendable (inout NetworkBuilder, _ input: Feature, OptionValues) throws -> Feature

  /// A name of the registry, such as "mobilenet_v2".
  package let name: String
  package let summary: String
  package let options: [ArchitectureOption]
  private let body: Body

  /// - resolution: the default, and the least with which every layer has an output.
  /// - options: those besides classes, resolution, channels and seed, which every network has.
  /// - body: adds the layers between the input and the scores of the classes, which it returns.
  init(
    _ name: String, _ summary: String, classes: Int = 1000, resolution: Int = 224, atLeast: Int = 32, channels: Int = 3,
    _ options: [ArchitectureOption] = [], body: @escaping Body
  ) {
    self.name = name
    self.summary = summary
    self.options = [.classes(classes)] + options + [.resolution(resolution, atLeast: atLeast), .channels(channels), .seed]
    self.body = body
  }

  /// The graph of the network: from "input" f32[N, channels, resolution, resolution] to "output" f32[N, classes], scores without Softmax,
  /// types inferred. Batch normalization stays as nodes. The same options give the same bits on every machine.
  ///
  /// - given: options by key; those left out have their defaults.
  /// - Throws: `invalidArgument` naming the option at fault, or where the network would be too large (`NetworkBuilder`).
  package func graph(_ given: [(key: String, value: Double)] = []) throws -> Graph {
    let values = try OptionValues(given, of: name, options)
    var builder = NetworkBuilder(name: name)
    let input = builder.input(channels: try values.channels, side: try values.resolution)
    let scores = try body(&builder, input, values)
    return try builder.finish(scores, seed: try values.seed)
  }

  /// - Throws: `notFound` listing the names there are.
  package static func named(_ name: String) throws -> Architecture {
    guard let found = all.first(where: { $0.name == name }) else {
      throw Failure(
        .notFound, "there is no architecture '\(name.prefix(80))'; the names are \(all.map(\.name).joined(separator: ", "))")
    }
    return found
  }
}
