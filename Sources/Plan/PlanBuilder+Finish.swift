import Graph
import KernelContract
import Tensors

extension PlanBuilder {
  /// Makes the graph's inputs known: row-major, in the caller's memory.
  func defineInputs() throws {
    for (index, id) in graph.inputs.enumerated() {
      let shape = try shape(id)
      let dtype = try dtype(id)
      let buffer = addBuffer(.input(index), byteCount: try Tensor.checkedByteCount(dtype, shape))
      let view = View(buffer: buffer, dtype: dtype, shape: shape)
      define(id, view)
      if dtype == .u8 { define(id, Codes(view: view, parameters: .integers)) }
    }
  }

  /// Lowers one node.
  func lower(_ index: Int) throws {
    node = graph.nodes[index]
    nodeIndex = index
    // What shape arithmetic knows needs no step.
    if !node.outputs.isEmpty, node.outputs.allSatisfy({ known[$0]?.fixed != nil }) {
      for id in node.outputs { try defineKnown(id) }
      return
    }
    guard let lowering = lowerings[node.op] else { throw unsupported("cannot be run") }
    do { try lowering(self) } catch var failure as Failure {
      failure.node = failure.node ?? node.name
      throw failure
    }
  }

  private func defineKnown(_ id: ValueID) throws {
    guard let elements = known[id]?.fixed else { return }
    let (dtype, shape) = (try dtype(id), try shape(id))
    let tensor = dtype == .s32 ? try Tensor(.s32, shape, elements.map { Int32(truncatingIfNeeded: $0) }) : try Tensor(.s64, shape, elements)
    define(id, try constant(tensor))
  }

  /// Brings every output of the graph into the caller's memory, in the logical order.
  func writeOutputs() throws {
    for (index, id) in graph.outputs.enumerated() {
      let (shape, dtype) = (try shape(id), try dtype(id))
      let buffer = outputBuffer(index, try Tensor.checkedByteCount(dtype, shape))
      let target = View(buffer: buffer, dtype: dtype, shape: shape)
      node = Node(.identity, name: graph[id].name, inputs: [], outputs: [])
      if states[id]?.views.contains(where: { $0.buffer == buffer && $0.isRowMajor && $0.shape == shape && $0.offset == 0 }) ?? false {
        continue
      }
      if let codes = codes(id), states[id]?.views.isEmpty ?? true, dtype == .u8 {
        if codes.view.buffer != buffer { try emitCopy(from: codes.view, to: target) }
        continue
      }
      try emitCopy(from: try plain(id), to: target)
    }
  }

  /// Places the tensors in one arena and fixes every address.
  func finish() throws -> Plan {
    let owners = mergeInPlace()
    var roots: [Int] = []
    var position = [Int](repeating: -1, count: buffers.count)
    for index in buffers.indices where buffers[index].kind == .arena && owners[index] == index && buffers[index].last >= 0 {
      position[index] = roots.count
      roots.append(index)
    }
    let items = roots.map { ArenaPlanner.Item(byteCount: buffers[$0].byteCount, first: buffers[$0].first, last: buffers[$0].last) }
    let (offsets, total) = ArenaPlanner.place(items)
    func location(_ view: View) -> Step.Location {
      switch buffers[view.buffer].kind {
      case .arena: .arena(offsets[position[owners[view.buffer]]] + view.byteOffset)
      case .constant(let address): .constant(address + UInt(view.byteOffset))
      case .input(let index): .input(index, offset: view.byteOffset)
      case .output(let index): .output(index, offset: view.byteOffset)
      }
    }
    let steps = drafts.map { draft in
      var step = draft.step
      step.buffers = draft.views.map(location)
      return step
    }
    func ports(_ ids: [ValueID]) throws -> [Plan.Port] {
      try ids.map { id in
        let (dtype, shape) = (try dtype(id), try shape(id))
        return Plan.Port(name: graph[id].name, dtype: dtype, shape: shape, byteCount: try Tensor.checkedByteCount(dtype, shape))
      }
    }
    return Plan(
      name: graph.name, inputs: try ports(graph.inputs), outputs: try ports(graph.outputs), steps: steps, arenaBytes: total,
      scratchBytes: steps.map(\.scratchBytes).max() ?? 0, memory: memory)
  }

  /// Lets a step write over the input that dies with it, where kernel and views allow: for every buffer, the one it lies in.
  private func mergeInPlace() -> [Int] {
    var owners = Array(buffers.indices)
    func owner(_ index: Int) -> Int {
      var index = index
      while owners[index] != index { index = owners[index] }
      return index
    }
    for (index, draft) in drafts.enumerated() {
      guard let output = draft.views.first else { continue }
      for candidate in draft.inPlace where candidate < draft.views.count {
        let input = draft.views[candidate]
        let (a, b) = (owner(input.buffer), owner(output.buffer))
        guard a != b, buffers[a].kind == .arena, buffers[b].kind == .arena, buffers[a].last == index, buffers[b].first == index,
          buffers[a].byteCount == buffers[b].byteCount, input.dtype == output.dtype, input.offset == output.offset,
          input.hasStrides(output.strides)
        else { continue }
        // Another operand in the same buffer may be read at other places than are written.
        guard !draft.views.indices.contains(where: { $0 != 0 && $0 != candidate && owner(draft.views[$0].buffer) == a }) else { continue }
        owners[b] = a
        buffers[a].last = buffers[b].last
        break
      }
    }
    return buffers.indices.map(owner)
  }
}
