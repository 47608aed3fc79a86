/// The operators of the graph. Each means what the ONNX operator of that name means in opset 18 (AveragePool and Reshape: 19,
/// with ceil_mode and allowzero), parameters such as axes, pads and shapes being *inputs* as they are there; the reader
/// brings every older form to this one. docs/graph.md lists what the reader removes (Constant, Dropout, Sum …) and the few
/// operators and attributes that are the graph's own (`ChannelShuffle`, `WinogradConv`; `activation` on Conv, Gemm and Add).
///
/// Raw values are written into .nsk files: never rename.
package enum Operator: String, Sendable, CaseIterable {
  // Linear algebra
  case conv = "Conv"
  case gemm = "Gemm"
  case matMul = "MatMul"
  /// A 3 × 3 convolution by coefficients of Winograd's transform: see `WinogradTile`.
  case winogradConv = "WinogradConv"
  // Normalization
  case batchNormalization = "BatchNormalization"
  case lrn = "LRN"
  // Pooling and reduction
  case maxPool = "MaxPool"
  case averagePool = "AveragePool"
  case globalAveragePool = "GlobalAveragePool"
  case globalMaxPool = "GlobalMaxPool"
  case reduceMean = "ReduceMean"
  // Activations
  case relu = "Relu"
  case clip = "Clip"
  case sigmoid = "Sigmoid"
  case hardSigmoid = "HardSigmoid"
  case hardSwish = "HardSwish"
  case leakyRelu = "LeakyRelu"
  case tanh = "Tanh"
  case softmax = "Softmax"
  // Elementwise
  case add = "Add"
  case sub = "Sub"
  case mul = "Mul"
  case div = "Div"
  // Movement of data
  case concat = "Concat"
  case split = "Split"
  case slice = "Slice"
  case reshape = "Reshape"
  case flatten = "Flatten"
  case transpose = "Transpose"
  case squeeze = "Squeeze"
  case unsqueeze = "Unsqueeze"
  case pad = "Pad"
  case resize = "Resize"
  case gather = "Gather"
  case expand = "Expand"
  case identity = "Identity"
  /// NCHW channels in `groups` groups, transposed: channel g·(C/groups)+c becomes c·groups+g (Zhang et al. 2018).
  case channelShuffle = "ChannelShuffle"
  // Shapes and types
  case constantOfShape = "ConstantOfShape"
  case shape = "Shape"
  case cast = "Cast"
  // Quantization
  case quantizeLinear = "QuantizeLinear"
  case dequantizeLinear = "DequantizeLinear"
}
