import Graph
import Tensors

/// What says which channels matter least: one conforming type in one file, and one line in `ChannelCriteria.all`.
///
/// A criterion either scores all channels of the network as it is (`scores`), or decides group by group on the network that is cut so far
/// and corrects what is left (`isSequential`, `choose`).
package protocol ChannelCriterion: Sendable {
  /// As the option "criterion" names it.
  var name: String { get }
  var needsCalibration: Bool { get }
  /// Whether `choose` is called group by group in place of `scores`.
  var isSequential: Bool { get }

  /// For each group of `context.groups` the importance of each channel: finite, the smallest goes first, comparable within a group
  /// and, where that makes sense, between groups.
  func scores(_ context: ChannelContext) throws -> [[Double]]

  /// Which channels of one group go: `count` of them, in the manner of `ChannelSelection`, and what to do to the graph once they are gone.
  ///
  /// - context.graph: the network so far, of which `context.groups[group]` is one group; `context.original` is the network before any cut.
  func choose(_ count: Int, group: Int, _ context: ChannelContext) throws -> ChannelChoice
}

extension ChannelCriterion {
  package var needsCalibration: Bool { false }
  package var isSequential: Bool { false }

  package func choose(_ count: Int, group: Int, _ context: ChannelContext) throws -> ChannelChoice {
    ChannelChoice(removed: ChannelSelection(context.groups[group]).remove(count, scores: try scores(context)[group]))
  }
}

/// What a sequential criterion decided for one group.
package struct ChannelChoice {
  /// Channels of the group that go.
  package var removed: [Int]
  /// Run on the graph after the cut, to correct weights that stay. Values and nodes are found by name: ids have changed.
  package var refit: ((inout Graph) throws -> Void)?

  package init(removed: [Int], refit: ((inout Graph) throws -> Void)? = nil) {
    self.removed = removed
    self.refit = refit
  }
}

/// What a criterion may look at.
package struct ChannelContext {
  /// The network so far, and which of its channels depend on each other.
  package let dependencies: ChannelDependencies
  /// The network before the step; the same as `graph` until a sequential criterion has cut something.
  package let original: Graph
  /// Options, samples, evaluator and progress of the step.
  package let step: StepContext

  package var graph: Graph { dependencies.graph }
  package var groups: [PruningGroup] { dependencies.groups }
}

/// The criteria there are.
package enum ChannelCriteria {
  package static let all: [any ChannelCriterion] = [
    WeightNormCriterion(name: "l1", power: 1),
    WeightNormCriterion(name: "l2", power: 2),
    GammaCriterion(),
    RandomCriterion(),
  ]

  package static var names: [String] { all.map(\.name) }

  package static func criterion(named name: String) throws -> any ChannelCriterion {
    guard let found = all.first(where: { $0.name == name }) else {
      throw Failure(.internal, "there is no criterion \"\(name)\"")
    }
    return found
  }
}
