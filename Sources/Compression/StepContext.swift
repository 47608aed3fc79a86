import Graph
import Tensors

/// What a method may use while it works on one step.
package struct StepContext {
  package let options: Options
  /// The layers the step is for.
  package let layers: [Layer]
  /// Where the step stands in the recipe, for messages: `steps[1]`.
  package let path: String
  package let evaluator: any Evaluator
  /// There whenever the method said that it needs calibration.
  package let samples: (any SampleSource)?
  package let progress: ProgressReporter
  /// What the report shall say besides the figures.
  package let ledger: Ledger
  /// Gradients for criteria that need them; nil: nothing supplies any.
  package let gradients: (any GradientSource)?

  package init(
    options: Options, layers: [Layer], path: String, evaluator: any Evaluator, samples: (any SampleSource)?, progress: ProgressReporter,
    ledger: Ledger, gradients: (any GradientSource)? = nil
  ) {
    self.options = options
    self.layers = layers
    self.path = path
    self.evaluator = evaluator
    self.samples = samples
    self.progress = progress
    self.ledger = ledger
    self.gradients = gradients
  }

  /// The calibration samples.
  /// - Throws: `recipe` where there are none.
  package func calibration() throws -> any SampleSource {
    guard let samples, samples.count > 0 else { throw StepContext.missingSamples(path) }
    return samples
  }

  static func missingSamples(_ path: String) -> Failure {
    Failure(.recipe, "\(path): needs calibration samples, and none were given; pass some typical inputs of the model")
  }
}

/// Calls the caller's progress function and turns its wish to stop into an error.
package struct ProgressReporter {
  private let report: Progress?

  package init(_ report: Progress?) { self.report = report }

  /// - Throws: `cancelled` when the caller wants to stop.
  package func callAsFunction(_ phase: String, _ done: Int, of total: Int) throws {
    guard report?(phase, done, total) ?? true else { throw Failure(.cancelled, "cancelled while at work on: \(phase)") }
  }
}

/// What the steps leave for the report.
package final class Ledger {
  package private(set) var refusals: [Report.Refusal] = []
  package private(set) var removals: [Report.Removal] = []
  package private(set) var notes: [String] = []

  /// By layer name: what the channels of its output were multiplied by, the network's meaning being kept.
  private(set) var outputScales: [String: [Float]] = [:]

  /// The network as it was before a step quantized it, its channels scaled as they are now.
  var floatTwin: Graph?

  /// By layer name: the layers that stand for it besides the one of its name.
  private var chains: [String: [String]] = [:]

  package init() {}

  /// Notes that a layer became a chain: the layers before the one that keeps its name.
  package func factorize(_ layer: String, into names: [String]) { chains[layer] = names + (chains[layer] ?? []) }

  /// The layers before the one of this name that stand for it together with it, in no particular order; none of a layer that is no chain.
  package func chain(of layer: String) -> [String] { (chains[layer] ?? []).flatMap { chain(of: $0) + [$0] } }

  func scale(_ layer: String, by factors: [Float]) {
    let before = outputScales[layer] ?? [Float](repeating: 1, count: factors.count)
    outputScales[layer] = zip(before, factors).map { $0 * $1 }
  }

  package func refuse(_ refusal: Report.Refusal) { refusals.append(refusal) }
  package func remove(_ removal: Report.Removal) { removals.append(removal) }
  package func note(_ text: String) { if !notes.contains(text) { notes.append(text) } }
}
