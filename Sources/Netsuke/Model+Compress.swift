import Compression
import Formats
import Graph
import Passes
import Tensors

extension Model {
  /// What a caller hears while a model is compressed.
  package struct CompressionListeners {
    /// What is being done and how far it is; false cancels.
    package var progress: ((_ phase: String, _ done: Int, _ total: Int) -> Bool)?
    /// What is worth telling: 1 a warning, 2 information.
    package var log: ((_ level: Int32, _ message: String) -> Void)?

    package init() {}
  }

  /// The model that `recipe` (JSON text, or the name of a recipe that ships with the library) makes of this one.
  ///
  /// - Parameters:
  ///   - samples: how many calibration samples there are and the inputs of each; nil: none.
  ///   - threads: 0 means one for each processor.
  package func compressed(
    recipe: String, samples: CalibrationSamples?, threads: Int32 = 0, listeners: CompressionListeners = CompressionListeners()
  ) throws -> Model {
    let recipe = try Recipe(recipe)
    let evaluator = RuntimeEvaluator(threads: try HostMachine.threads(threads))
    _ = try HostMachine.machine()
    // One that was built rather than loaded still has its batch normalization apart.
    var source = graph
    try Pipeline.simplify(&source)
    let compressor = Compressor(evaluator: evaluator, machine: HostMachine.processorName, time: HostMachine.timestamp)
    let (graph, report) = try compressor.compress(source, recipe: recipe, samples: samples, progress: listeners.progress) {
      try ModelFile.encode($0, as: .nsk).count
    }
    for refusal in report.refused { listeners.log?(1, "\(refusal.layer): refused \(refusal.what): \(refusal.reason)") }
    for note in report.notes { listeners.log?(2, note) }
    return Model(graph)
  }

  /// The report of the compression that made the model, as JSON.
  /// - Throws: `notFound` where it was not made by a compression.
  package func report() throws -> String {
    guard let report = graph.metadata[Report.metadataKey] else {
      throw Failure(.notFound, "this model carries no report: it was not made by a compression")
    }
    return report
  }
}

/// Calibration samples that a caller hands out one at a time.
package struct CalibrationSamples: SampleSource {
  package let count: Int
  private let get: (Int) throws -> [Tensor]

  package init(count: Int, get: @escaping (Int) throws -> [Tensor]) {
    self.count = count
    self.get = get
  }

  package func sample(_ index: Int) throws -> [Tensor] { try get(index) }
}
