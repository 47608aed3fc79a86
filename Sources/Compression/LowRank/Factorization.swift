import Graph
import Tensors

/// One way to factorize a layer, and what is known of it beforehand.
package struct FactorCandidate: Sendable {
  /// One number, or a pair of them (Tucker-2, channels and separable filters): larger ones keep more.
  package var ranks: [Int]
  /// The chain that would stand for the layer.
  package var forms: [FactorShape]
  /// The share of the layer's energy that is kept, from 0 to 1: of its outputs' variance where samples tell it, else of its weights'
  /// squares. 1 − energy is the squared relative error.
  package var energy: Double
  /// Bytes of its weights as they are stored; nil: as f32.
  package var storedBytes: Int?

  package init(ranks: [Int], forms: [FactorShape], energy: Double, storedBytes: Int? = nil) {
    self.ranks = ranks
    self.forms = forms
    self.energy = energy
    self.storedBytes = storedBytes
  }

  package var bytes: Int { storedBytes ?? forms.reduce(0) { $0 + $1.count } * 4 }
  package var rankText: String { ranks.map { "\($0)" }.joined(separator: " × ") }
}

/// What a factorization comes to: the chain of layers, and the last one's bias where it becomes another.
package struct FactoredLayer {
  package var stages: [FactorStage]
  /// One element for each output channel; nil: as before.
  package var bias: [Float]?

  package init(_ stages: [FactorStage], bias: [Float]? = nil) {
    self.stages = stages
    self.bias = bias
  }
}

/// A layer that is to be factorized, in the network as it stands.
package struct FactorSite {
  /// In `graph`.
  package let layer: Layer
  /// The network, the layers before this one factorized already while factors are made; the original while candidates are looked for.
  package let graph: Graph
  package let step: StepContext
  package let geometry: FactorGeometry
  package let multiply: MatrixProducts
  /// What the layer shall make; nil without samples, or where they are not to be used.
  package let targets: OriginalTargets?

  /// The weight's matrix, outputs × what one position reads.
  package func matrix() throws -> LayerMatrix { LayerMatrix(layer, try graph.decodedWeight(layer)) }

  /// [outputs, inputs / groups, kernel…], or [outputs, inputs] of a product however it is stored.
  package var extents: [Int] {
    layer.op == .conv ? layer.shape : [layer.shape[layer.outputAxis], layer.shape[layer.inputAxis]]
  }
}

/// A method's view of one layer: the ranks it could have, and the factors of the rank that is chosen.
package protocol Factorization {
  /// Ascending in energy; those that cost as much as the layer or more may be among them.
  var candidates: [FactorCandidate] { get }

  /// The factors. `site.graph` holds the layers before this one as they have become.
  func factor(_ candidate: FactorCandidate, at site: FactorSite) throws -> FactoredLayer

  /// What stands for the factors while times are taken: usual values in the candidate's forms.
  func trial(_ candidate: FactorCandidate) throws -> [FactorStage]
}

extension Factorization {
  package func trial(_ candidate: FactorCandidate) throws -> [FactorStage] {
    var random = Xorshift64()
    return try candidate.forms.map { try FactorStage(filling: $0, &random) }
  }
}
