import Graph
import Tensors

/// Which ranks a step asks for: the options that all factorizations share.
package struct RankChoice {
  enum Unit: String, CaseIterable {
    case macs = "target_macs"
    case bytes = "target_bytes"
    case milliseconds = "target_ms"
  }

  enum Wish: Equatable {
    /// From 1 on a rank; below, a share of the largest one.
    case rank(Double)
    /// The share of a layer's energy that is kept at least.
    case energy(Double)
    /// Up to 1 a share of what there is; above, a number of the unit.
    case target(Unit, Double)
    /// What the network's outputs keep at least, in decibels.
    case noise(Double)
  }

  let wish: Wish
  /// Whether layers share a target out by what they lose for it; else each keeps the same energy.
  let isGlobal: Bool
  /// Whether factors stay that cost more or take longer than the layer.
  package let keepsAll: Bool

  /// What is kept where a step asks for nothing.
  package static let usualEnergy = 0.99

  package static let options =
    [
      OptionSchema(
        "rank", .number(0...1e9), default: .null,
        "the rank of every layer: a whole number from 1 on, or below 1 a share of the largest rank"),
      OptionSchema(
        "energy", .number(0...1), default: .null,
        "the smallest rank that keeps this share of a layer's energy; 0.99 where nothing else says what rank"),
      OptionSchema(
        "error", .number(0...1), default: .null, "the smallest rank with at most this relative error: √(1 − energy)"),
    ]
    + zip(
      Unit.allCases, ["multiply-accumulates of one sample", "bytes of weights", "milliseconds of one sample, measured on this machine"]
    ).map {
      OptionSchema(
        $0.rawValue, .number(0...1e18), default: 0,
        "ranks with which the network takes at most this many \($1), or, up to 1, this share of what it takes; 0: no target")
    } + [
      OptionSchema(
        "least_snr", .number(0...100), default: .null,
        "in dB: the fastest ranks that leave the network's outputs this signal-to-noise ratio, as measured; needs samples"),
      OptionSchema(
        "scope", .choice(["layer", "global"]), default: "global",
        "how a target is shared out: every layer keeps the same energy, or the product of all energies is kept as large as it can be"),
      OptionSchema(
        "keep", .choice(["faster", "always"]), default: "faster",
        "whether layers that would not become faster, measured on this machine, stay as they are, or factors are kept whatever they cost"),
    ]

  package init(_ step: StepContext, usualEnergy: Double = RankChoice.usualEnergy) throws {
    func given(_ key: String) throws -> Double? { step.options.values[key] == .null ? nil : try step.options.number(key) }
    var wishes: [(key: String, wish: Wish)] = []
    if let rank = try given("rank") {
      guard rank > 0, rank < 1 || rank == rank.rounded() else {
        throw Failure(.recipe, "\(step.path).rank: must be a whole number from 1 on, or a share above 0 and below 1, not \(rank)")
      }
      wishes.append(("rank", .rank(rank)))
    }
    if let energy = try given("energy") { wishes.append(("energy", .energy(energy))) }
    if let error = try given("error") { wishes.append(("error", .energy(1 - error * error))) }
    for unit in Unit.allCases {
      let target = try step.options.number(unit.rawValue)
      if target > 0 { wishes.append((unit.rawValue, .target(unit, target))) }
    }
    if let least = try given("least_snr") {
      guard (step.samples?.count ?? 0) > 0 else { throw StepContext.missingSamples("\(step.path).least_snr") }
      wishes.append(("least_snr", .noise(least)))
    }
    guard wishes.count < 2 else {
      throw Failure(.recipe, "\(step.path): only one of \(wishes.map(\.key).joined(separator: ", ")) can be met")
    }
    wish = wishes.first?.wish ?? .energy(usualEnergy)
    isGlobal = try step.options.string("scope") == "global"
    keepsAll = try step.options.string("keep") == "always"
  }

  /// The rank that is asked for, where one is.
  package var largestRank: Int? { if case .rank(let rank) = wish, rank >= 1 { Int(rank) } else { nil } }

  /// The smallest of the candidates (ascending in energy) that keeps a share; the last where none does.
  static func smallest(_ candidates: [FactorCandidate], energy: Double) -> FactorCandidate? {
    // Energies are sums of rounded numbers.
    candidates.first { $0.energy >= energy - 1e-12 } ?? candidates.last
  }

  /// The candidate of a rank, or of a share of the largest one.
  static func ranked(_ candidates: [FactorCandidate], rank: Double) -> FactorCandidate? {
    guard let largest = candidates.last?.ranks.first else { return nil }
    let wanted = rank < 1 ? Int((rank * Double(largest)).rounded()) : Int(min(rank, Double(largest)))
    return candidates.first { ($0.ranks.first ?? 0) >= wanted } ?? candidates.last
  }
}
