import Graph
import Tensors

/// What says which channels matter least: one conforming type in one file, and one line in `ChannelCriteria.all`.
///
/// A criterion either scores all channels of the network as it is, or judges, group by group on the network that is cut so far, what channels
/// contribute to the layers that read them.
package protocol ChannelCriterion: Sendable {
  /// As the option "criterion" names it.
  var name: String { get }
  var needsCalibration: Bool { get }
  /// Whether it judges contributions.
  var judgesContributions: Bool { get }

  /// For each group of `context.groups` the importance of each channel: finite, the smallest goes first, comparable within a group
  /// and, where that makes sense, between groups. Not called where `judgesContributions`.
  func scores(_ context: ChannelContext) throws -> [[Double]]

  /// The importance of each channel of one group. Called only where `judgesContributions`.
  /// - candidates: channels that may go; `kept`: how many of all are to stay.
  func scores(_ contributions: ContributionMoments, candidates: [Int], kept: Int) -> [Double]
}

extension ChannelCriterion {
  package var needsCalibration: Bool { false }
  package var judgesContributions: Bool { false }

  package func scores(_ context: ChannelContext) throws -> [[Double]] { context.groups.map { [Double](repeating: 0, count: $0.count) } }

  package func scores(_ contributions: ContributionMoments, candidates: [Int], kept: Int) -> [Double] {
    [Double](repeating: 0, count: contributions.count)
  }
}

/// What a criterion may look at.
package struct ChannelContext {
  /// The network, and which of its channels depend on each other.
  package let dependencies: ChannelDependencies
  /// Options, samples, evaluator and progress of the step.
  package let step: StepContext

  package init(_ dependencies: ChannelDependencies, _ step: StepContext) {
    self.dependencies = dependencies
    self.step = step
  }

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
    ApozCriterion(),
    NispCriterion(),
    TaylorCriterion(),
    ThiNetCriterion(),
    LassoCriterion(),
  ]

  package static var names: [String] { all.map(\.name) }

  package static func criterion(named name: String) throws -> any ChannelCriterion {
    guard let found = all.first(where: { $0.name == name }) else {
      throw Failure(.internal, "there is no criterion \"\(name)\"")
    }
    return found
  }
}
