import Graph
import Tensors

/// A graph under rewriting: changes are collected and applied together, so that one sweep of a pass costs linear time.
///
/// `uses` is of the graph before the sweep. A node that takes part in a rewrite is claimed, and no other rewrite of the sweep may
/// rely on it; what that leaves out, the next sweep finds.
package struct Rewriter {
  package private(set) var graph: Graph
  package let uses: Uses
  package private(set) var hasChanged = false
  private var claimed: [Bool]
  private var removed = Set<Int>()
  private var insertions: [Int: [Node]] = [:]
  private var replacements: [ValueID: ValueID] = [:]
  private var names: Set<String>?

  init(_ graph: Graph) {
    self.graph = graph
    uses = graph.uses()
    claimed = [Bool](repeating: false, count: graph.nodes.count)
  }

  package func isFree(_ index: Int) -> Bool { !claimed[index] }
  package func node(_ index: Int) -> Node { graph.nodes[index] }

  /// The free node that makes `id`.
  package func producer(of id: ValueID?) -> Int? { id.flatMap { uses.producer(of: $0) }.flatMap { isFree($0) ? $0 : nil } }

  /// The free node that alone reads `id`, which is no output of the graph.
  package func soleConsumer(of id: ValueID) -> Int? { uses.soleConsumer(of: id).flatMap { isFree($0) ? $0 : nil } }

  /// The free node that makes input `position` of node `index`, where nothing else reads that value.
  package func soleProducer(_ index: Int, _ position: Int, _ op: Operator) -> Int? {
    guard let id = node(index).input(position), let producer = producer(of: id), node(producer).op == op,
      node(producer).outputs.count == 1, uses.consumers(of: id).count == 1, !uses.isOutput(id)
    else { return nil }
    return producer
  }

  package func type(_ id: ValueID?) -> ValueType? { id.flatMap { graph[$0].type } }
  package func shape(_ id: ValueID?) -> [Dim]? { type(id)?.shape }
  package func constant(_ index: Int, _ position: Int) throws -> Tensor? { try graph.constant(node(index), position) }

  /// The number, where input `position` is a floating-point constant of one element.
  package func scalar(_ index: Int, _ position: Int) throws -> Double? {
    guard let id = node(index).input(position), let weight = graph[id].constant, weight.count == 1, weight.dtype.isFloat else { return nil }
    return try weight.decoded().doubles().first
  }

  /// The integers of a constant input; nil where it is left out or is not constant.
  package func integers(_ index: Int, _ position: Int) throws -> [Int]? {
    guard let id = node(index).input(position), graph[id].constant?.dtype.isFloat == false else { return nil }
    return try constant(index, position)?.ints()
  }

  /// The node as shape inference sees it.
  package func context(_ index: Int) throws -> InferenceContext {
    let node = node(index)
    var known: [ValueID: [Dim]] = [:]
    for case let input? in node.inputs {
      guard let weight = graph[input].constant, weight.dtype == .s64 || weight.dtype == .s32,
        weight.count <= Graph.maximumKnownElements
      else { continue }
      known[input] = try weight.decoded().ints().map(Dim.fixed)
    }
    return InferenceContext(graph: graph, node: node, shapeValues: known)
  }

  // MARK: Changes

  package mutating func edit(_ index: Int, _ body: (inout Node) throws -> Void) rethrows {
    try body(&graph.nodes[index])
    claim(index)
  }

  /// Takes the node out; what it made must be replaced, or made by an edited node.
  package mutating func remove(_ index: Int) {
    removed.insert(index)
    claim(index)
  }

  private mutating func claim(_ index: Int) {
    claimed[index] = true
    hasChanged = true
  }

  package mutating func insert(_ node: Node, before index: Int) {
    insertions[index, default: []].append(node)
    hasChanged = true
  }

  /// Marks a value as constant and takes out the node that made it.
  package mutating func makeConstant(_ id: ValueID, _ weight: Weight) {
    graph[id].constant = weight
    graph[id].type = ValueType(weight.dtype, weight.shape.map(Dim.fixed))
  }

  package mutating func addConstant(_ stem: String, _ weight: Weight) -> ValueID {
    graph.addValue(freshName(stem), constant: weight)
  }

  package mutating func addConstant(_ stem: String, integers: [Int]) throws -> ValueID {
    addConstant(stem, Weight(try Tensor(.s64, [integers.count], integers)))
  }

  package mutating func addValue(_ stem: String) -> ValueID { graph.addValue(freshName(stem)) }

  /// Puts `weight` where a constant was: in place where only one input reads it, else under a name of its own.
  package mutating func replaceConstant(_ id: ValueID, with weight: Weight) -> ValueID {
    if uses.consumers(of: id).count == 1, !uses.isOutput(id) {
      makeConstant(id, weight)
      return id
    }
    return addConstant(graph[id].name, weight)
  }

  /// Removes node `index`, whose only output equals `source`. An output of the graph keeps its name: then the maker of `source`
  /// makes it directly, where that is possible.
  package mutating func bypass(_ index: Int, to source: ValueID) {
    let (old, new) = (node(index).outputs[0], resolved(source))
    if !uses.isOutput(old) {
      replacements[old] = new
    } else {
      guard let producer = uses.producer(of: new), isFree(producer), !uses.isOutput(new), graph[new].constant == nil,
        replacements[old] == nil
      else { return }
      replacements[new] = old
      claim(producer)
    }
    remove(index)
  }

  private func resolved(_ id: ValueID) -> ValueID {
    var current = id
    while let next = replacements[current] { current = next }
    return current
  }

  package mutating func freshName(_ stem: String) -> String {
    var taken = names ?? Set(graph.values.map(\.name)).union(graph.nodes.map(\.name))
    names = nil
    var name = stem
    var number = 1
    while taken.contains(name) {
      name = "\(stem)_\(number)"
      number += 1
    }
    taken.insert(name)
    names = taken
    return name
  }

  /// The graph with all changes made and the values that nothing uses dropped.
  consuming func finished() -> Graph {
    var result = graph
    result.nodes = []
    for index in graph.nodes.indices {
      result.nodes += insertions[index] ?? []
      if !removed.contains(index) { result.nodes.append(graph.nodes[index]) }
    }
    if !replacements.isEmpty {
      for index in result.nodes.indices {
        result.nodes[index].inputs = result.nodes[index].inputs.map { $0.map(resolved) }
        result.nodes[index].outputs = result.nodes[index].outputs.map(resolved)
      }
      result.outputs = result.outputs.map(resolved)
    }
    result.compact()
    return result
  }
}
