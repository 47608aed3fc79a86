import Graph
import KernelContract
import Tensors

/// What a plan grows in: goes through the nodes in order, each operator's lowering asking for inputs in the layout it needs,
/// for memory to write to, and emitting steps.
final class PlanBuilder {
  /// Memory that views point into.
  struct Buffer {
    enum Kind: Hashable { case arena, constant(UInt), input(Int), output(Int) }
    var kind: Kind
    var byteCount: Int
    /// The first and last step that touch it.
    var first = Int.max
    var last = -1
  }

  /// u8 codes and what they mean: `scale · (code − zeroPoint)`. Codes of an s8 tensor are stored with 128 added.
  struct Codes {
    var view: View
    var parameters: CodeParameters
  }

  /// What is known of a value: its elements as they are, or as codes that stand for them, each perhaps in several orders.
  struct State {
    var views: [View] = []
    var codes: [Codes] = []
  }

  /// A step before its buffers have addresses. `views[0]` is the output.
  struct Draft {
    var step: Step
    var views: [View]
    /// The input that the output may overwrite.
    var inPlace: [Int]
    /// The step's descriptor, where the step can be one of a chain that runs by bands.
    var bandStep: (any BandStep)?
  }

  let graph: Graph
  let uses: Uses
  let known: [ValueID: [Dim]]
  let kernels: [KernelEntry]
  let machine: Machine
  let options: PlanOptions
  let memory = PlanMemory()
  let placements: [ValueID: Placement]
  /// What kernels are estimated to take on this machine.
  let costTable: CostTable
  /// Bytes of the network's constants as f32; of those with many zeros, packed without them.
  var networkBytes: Int

  var buffers: [Buffer] = []
  var drafts: [Draft] = []
  var states: [ValueID: State] = [:]
  /// Memory set aside for a value before its producer ran: the results of concatenations that others write into.
  var reserved: [ValueID: Codes] = [:]
  /// Nodes that an earlier one took in.
  var fused: Set<Int> = []
  var packed: [PackKey: UnsafeRawPointer] = [:]
  /// For the nodes that can run in either layout, where a choice was made: whether they run on planar tensors.
  var labels: [Int: Bool] = [:]
  /// How the weights of convolutions that may leave out zeros would be packed, by node.
  var sparsePackings: [Int: SparsePacking] = [:]
  /// The same behind a depthwise convolution that is made on the way.
  var fusedPackings: [Int: SparsePacking] = [:]
  /// Depthwise convolutions that wait for the one that takes them in, by result.
  var fusedDepthwise: [ValueID: FusedDepthwise] = [:]
  /// Stored weights of constants that were looked at.
  var storedCounts: [ValueID: Int] = [:]
  /// The node being lowered.
  var node: Node
  var nodeIndex = 0

  init(_ graph: Graph, known: [ValueID: [Dim]], kernels: [KernelEntry], machine: Machine, options: PlanOptions) throws {
    self.graph = graph
    self.known = known
    self.kernels = kernels
    self.machine = machine
    self.options = options
    uses = graph.uses()
    node = Node(.identity, name: "", inputs: [], outputs: [])
    placements = try Placement.all(in: graph, uses: uses)
    costTable = CostTable.nearest(to: machine, tileRows: kernels.first { $0.family == .winogradF32 }?.tile.rows ?? 1)
    networkBytes = graph.values.reduce(0) { sum, value in
      let (bytes, overflow) = sum.addingReportingOverflow(saturatingProduct([4, value.constant?.count ?? 0]))
      return overflow ? Int.max : bytes
    }
  }

  /// What shape arithmetic knows of the node being lowered.
  var context: InferenceContext { InferenceContext(graph: graph, node: node, shapeValues: known) }

  func shape(_ id: ValueID) throws -> [Int] { try graph.fixedShape(id, of: node) }

  func dtype(_ id: ValueID) throws -> DType {
    guard let dtype = graph[id].type?.dtype else {
      throw Failure(.unsupported, "the type of '\(graph[id].name)' is not known; specialize the graph first", node: node.name)
    }
    return dtype
  }

  func unsupported(_ message: String) -> Failure { Failure(.unsupported, "\(node.op.rawValue): \(message)", node: node.name) }

  /// Rows of the tile of the family's kernel.
  func tileRows(_ family: KernelFamily) -> Int { kernels.first { $0.family == family }?.tile.rows ?? 1 }

  func addBuffer(_ kind: Buffer.Kind, byteCount: Int) -> Int {
    buffers.append(Buffer(kind: kind, byteCount: byteCount))
    return buffers.count - 1
  }

  /// Adds a step of the node being lowered.
  ///
  /// - Parameters:
  ///   - views: the output first, then the inputs, in the order that the kernel's family documents.
  ///   - inPlace: positions of inputs that the output may share memory with, where their views are alike.
  ///   - choice: why the node is run by this kernel, where there was a choice.
  ///   - behind: a node before this one that the step runs too.
  func emit<Descriptor: StepDescriptor>(
    _ descriptor: Descriptor, _ views: [View], macs: Int = 0, inPlace: [Int] = [], fusing: [String] = [],
    choice: Choice? = nil, behind: FusedDepthwise? = nil
  ) throws {
    guard descriptor.taskCount > 0 else { return }
    guard let entry = kernels.first(where: { $0.family == Descriptor.family }) else {
      throw unsupported("there is no kernel of the family \(Descriptor.family)")
    }
    let operators = (behind?.operators ?? []) + [node.op.rawValue] + fusing
    let step = Step(
      name: (behind.map { graph.nodes[$0.node].name + " + " } ?? "") + node.name, operators: operators, kernel: "\(entry.id)",
      function: entry.step,
      descriptor: UInt(bitPattern: try memory.place(descriptor)), buffers: [], taskCount: descriptor.taskCount,
      scratchBytes: descriptor.scratchBytes, macs: macs, bytes: views.reduce(0) { $0 + $1.byteCount },
      dtypeName: views.first?.dtype.name ?? "",
      extents: views.first?.shape ?? [], layout: views.first?.layoutName ?? "", choice: choice)
    for view in views {
      buffers[view.buffer].first = min(buffers[view.buffer].first, drafts.count)
      buffers[view.buffer].last = max(buffers[view.buffer].last, drafts.count)
    }
    drafts.append(Draft(step: step, views: views, inPlace: inPlace, bandStep: descriptor as? any BandStep))
  }
}

/// A quantization of u8 codes.
struct CodeParameters: Hashable {
  var scale: Float
  var zeroPoint: Int32

  /// Plain integers: what the codes of a value of 8-bit type are.
  static let integers = CodeParameters(scale: 1, zeroPoint: 0)
}

extension View {
  /// `nhwc`, `nhwc+8` for pixels 8 elements farther apart than their channels, `rows`, or `strided`.
  var layoutName: String {
    if isRowMajor { return shape.count == 4 && shape[1] != 1 && shape[2] * shape[3] != 1 ? "nchw" : "rows" }
    if let stride = pixelStride { return stride == shape[1] ? "nhwc" : "nhwc+\(stride - shape[1])" }
    return "strided"
  }
}
