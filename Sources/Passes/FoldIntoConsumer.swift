import Graph
import Tensors

extension Pass {
  /// Folds a BatchNormalization into the Conv or Gemm that alone reads it, where nothing is padded between the two:
  /// W∗(f·x + s) + b is (W·f)∗x + (Σ W·s + b). A Flatten of channels and pixels may stand before the Gemm.
  ///
  /// For those behind an activation, which cannot go into what comes before. Padding is of zeros, which would have to become −s/f.
  package static let foldIntoConsumer = Pass.each("fold-into-consumer") { rewriter, index in
    let node = rewriter.node(index)
    guard node.op == .batchNormalization, node.outputs.count == 1, let source = node.input(0),
      let channels = rewriter.shape(source).flatMap({ $0.count > 1 ? $0[1].value : nil }), channels > 0,
      let (consumer, flatten) = consumer(rewriter, index),
      let layout = try FoldedWeight(rewriter, consumer, isFlattened: flatten != nil, channels: channels),
      let affine = try ChannelAffine(rewriter, index, constant: 0, channels: channels, rank: 2),
      let bias = try bias(rewriter, consumer, channels: layout.outputs),
      let folded = layout.folded(affine, bias)
    else { return }
    let isConv = rewriter.node(consumer).op == .conv
    let weightID = rewriter.replaceConstant(layout.id, with: Weight(folded.weight))
    let newBias = Weight(folded.bias)
    let biasID =
      if let old = rewriter.node(consumer).input(2) { rewriter.replaceConstant(old, with: newBias) } else {
        rewriter.addConstant("\(rewriter.node(consumer).name).bias", newBias)
      }
    if let flatten { rewriter.edit(flatten) { $0.inputs[0] = source } }
    rewriter.edit(consumer) {
      $0.inputs = [flatten == nil ? source : $0.inputs[0], weightID, biasID]
      if !isConv { $0.attributes["beta"] = nil }
    }
    rewriter.remove(index)
  }

  /// The Conv without padding or the Gemm that alone reads what node `index` makes, and the Flatten between the two.
  private static func consumer(_ rewriter: Rewriter, _ index: Int) -> (node: Int, flatten: Int?)? {
    func reader(_ index: Int) -> Int? {
      let made = rewriter.node(index).outputs[0]
      guard let reader = rewriter.soleConsumer(of: made), rewriter.node(reader).inputs.filter({ $0 == made }).count == 1,
        rewriter.node(reader).input(0) == made
      else { return nil }
      return reader
    }
    guard let next = reader(index) else { return nil }
    switch rewriter.node(next).op {
    case .conv, .gemm: return (next, nil)
    case .flatten:
      guard (try? rewriter.node(next).attributes.int("axis", default: 1)) == 1, rewriter.node(next).outputs.count == 1,
        let last = reader(next), rewriter.node(last).op == .gemm
      else { return nil }
      return (last, next)
    default: return nil
    }
  }
}

/// The weight of a Conv or Gemm as what is folded into it sees it: for each output a row of terms, each of one input channel.
private struct FoldedWeight {
  let id: ValueID
  let outputs: Int
  private let tensor: Tensor
  /// Elements from one output to the next, and from one term to the next.
  private let strides: (output: Int, term: Int)
  private let terms: Int
  /// Terms of one channel, side by side.
  private let termsPerChannel: Int
  /// The first channel of each output is `output / groupOutputs · groupChannels`.
  private let groupOutputs: Int
  private let groupChannels: Int
  private let scale: Double

  /// Nil where the weight is not plain, not constant or read by others, or where padding stands between.
  init?(_ rewriter: Rewriter, _ index: Int, isFlattened: Bool, channels: Int) throws {
    let node = rewriter.node(index)
    // A weight that others read would have to be copied, without bound; a compressed one would have to be decoded.
    guard let id = node.input(1), let weight = rewriter.graph[id].constant, weight.isDense, case .plain(let tensor) = weight.elements,
      tensor.dtype == .f32, tensor.count > 0, rewriter.uses.consumers(of: id).count == 1, !rewriter.uses.isOutput(id)
    else { return nil }
    let shape = tensor.shape
    if node.op == .conv {
      let mode = try node.attributes.string("auto_pad", default: "NOTSET")
      let pads = try mode == "VALID" ? [] : node.attributes.ints("pads") ?? []
      let groups = try node.attributes.int("group", default: 1)
      guard ["NOTSET", "VALID", ""].contains(mode), pads.allSatisfy({ $0 == 0 }), shape.count >= 3, groups > 0, shape[0] % groups == 0,
        channels % groups == 0, shape[1] == channels / groups
      else { return nil }
      (outputs, groupOutputs, groupChannels) = (shape[0], shape[0] / groups, shape[1])
      termsPerChannel = shape[2...].reduce(1, *)
      terms = shape[1] * termsPerChannel
      strides = (terms, 1)
      scale = 1
    } else {
      let isTransposed = try node.attributes.int("transB", default: 0) != 0
      guard shape.count == 2, try node.attributes.int("transA", default: 0) == 0 else { return nil }
      terms = shape[isTransposed ? 1 : 0]
      outputs = shape[isTransposed ? 0 : 1]
      strides = isTransposed ? (terms, 1) : (1, outputs)
      guard terms % channels == 0, isFlattened || terms == channels else { return nil }
      (groupOutputs, groupChannels, termsPerChannel) = (outputs, channels, terms / channels)
      scale = Double(try node.attributes.float("alpha", default: 1))
    }
    self.id = id
    self.tensor = tensor
  }

  /// Weight and bias behind the folding, sums made in double precision; nil where an element would not fit an f32.
  func folded(_ affine: ChannelAffine, _ bias: [Double]) -> (weight: Tensor, bias: Tensor)? {
    var weights = tensor.floats()
    var biases = [Float](repeating: 0, count: outputs)
    for output in 0..<outputs {
      var sum = 0.0
      for term in 0..<terms {
        let channel = output / groupOutputs * groupChannels + term / termsPerChannel
        let place = output * strides.output + term * strides.term
        let weight = Double(weights[place])
        sum += weight * affine.shifts[channel]
        weights[place] = Float(weight * affine.factors[channel])
        guard weights[place].isFinite else { return nil }
      }
      biases[output] = Float(bias[output] + scale * sum)
      guard biases[output].isFinite else { return nil }
    }
    guard let weight = try? Tensor(tensor.shape, weights), let bias = try? Tensor([outputs], biases) else { return nil }
    return (weight, bias)
  }
}
