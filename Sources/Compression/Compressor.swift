import Graph
import Passes
import Tensors

/// Applies a recipe to a graph and reports what came of it.
package struct Compressor {
  package let evaluator: any Evaluator
  /// The processor's name, for the report.
  package let machine: String
  /// The time for the report: UTC, ISO 8601.
  package let time: String
  /// Gradients of a loss on the calibration samples, where there is an engine that computes them.
  package var gradients: (any GradientSource)?

  package init(evaluator: any Evaluator, machine: String = "", time: String = "") {
    self.evaluator = evaluator
    self.machine = machine
    self.time = time
  }

  /// The compressed graph and its report, which the graph also carries as metadata.
  ///
  /// - graph: a simplified graph (`Pipeline.simplify`); it is not changed.
  /// - samples: typical inputs of the model, for steps that calibrate and for the report's signal-to-noise ratios.
  /// - encodedByteCount: the size of the whole file that a graph becomes.
  /// - Throws: `recipe` for a step that cannot be done, `cancelled` when `progress` said so, and whatever `samples` throws.
  package func compress(
    _ graph: Graph, recipe: Recipe, samples: (any SampleSource)? = nil, progress: Progress? = nil,
    encodedByteCount: (Graph) throws -> Int
  ) throws -> (graph: Graph, report: Report) {
    let progress = ProgressReporter(progress)
    let ledger = Ledger()
    for step in recipe.steps where step.method.needsCalibration(step.options) && (samples?.count ?? 0) == 0 {
      throw StepContext.missingSamples("\(step.path) (\(step.method.name))")
    }
    var compressed = graph
    compressed.metadata[Report.metadataKey] = nil
    let original = compressed
    for (index, step) in recipe.steps.enumerated() {
      try progress("step \(index + 1): \(step.method.name)", index, of: recipe.steps.count)
      let layers = try step.layers.select(from: Layer.all(in: compressed), path: "\(step.path).layers")
      let context = StepContext(
        options: step.options, layers: layers, path: step.path, evaluator: evaluator, samples: samples, progress: progress,
        ledger: ledger, gradients: gradients)
      try step.method.apply(to: &compressed, context)
      compressed.compact()
    }
    let report = try ReportBuilder(
      original: original, compressed: compressed, recipe: recipe, samples: samples, evaluator: evaluator, progress: progress,
      ledger: ledger
    ).build(machine: machine, time: time, encodedByteCount: encodedByteCount)
    compressed.metadata[Report.metadataKey] = report.toJSON()
    return (compressed, report)
  }
}
