import KernelContract

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A convolution layer of one of the networks that people run.
struct Layer {
  var name: String
  var size: Int
  var inChannels: Int
  var outChannels: Int
  var kernel: Int
  var stride = 1
  var groups = 1
  var planar = false
  /// Bytes that the weights of several calls fill together, each call with its own: 0 for one call's weights again and again.
  var weightsInTurn = 0

  var pad: Int { kernel / 2 }
  var outSize: Int { (size + 2 * pad - kernel) / stride + 1 }
  var macs: Double { Double(outSize * outSize * outChannels * (inChannels / groups) * kernel * kernel) }

  var geometry: Geometry {
    var g = Geometry(
      batch: 1, inputHeight: size, inputWidth: size, inputPixelStride: inChannels, outputHeight: outSize, outputWidth: outSize,
      outputPixelStride: outChannels)
    (g.kernelHeight, g.kernelWidth, g.strideY, g.strideX, g.padTop, g.padLeft) = (kernel, kernel, stride, stride, pad, pad)
    return g
  }

  static let products = [
    Layer(name: "first 3x3/2 nchw", size: 224, inChannels: 3, outChannels: 32, kernel: 3, stride: 2, planar: true),
    Layer(name: "first 3x3/2 nhwc", size: 224, inChannels: 3, outChannels: 32, kernel: 3, stride: 2),
    Layer(name: "first 7x7/2 nchw", size: 224, inChannels: 3, outChannels: 64, kernel: 7, stride: 2, planar: true),
    Layer(name: "v1 pw 112", size: 112, inChannels: 32, outChannels: 64, kernel: 1),
    Layer(name: "v1 pw 56", size: 56, inChannels: 128, outChannels: 128, kernel: 1),
    Layer(name: "v1 pw 28", size: 28, inChannels: 256, outChannels: 256, kernel: 1),
    Layer(name: "v1 pw 14", size: 14, inChannels: 512, outChannels: 512, kernel: 1),
    Layer(name: "v1 pw 7", size: 7, inChannels: 1024, outChannels: 1024, kernel: 1),
    Layer(name: "v2 expand 112", size: 112, inChannels: 16, outChannels: 96, kernel: 1),
    Layer(name: "v2 project 56", size: 56, inChannels: 144, outChannels: 24, kernel: 1),
    Layer(name: "v2 expand 28", size: 28, inChannels: 32, outChannels: 192, kernel: 1),
    Layer(name: "v2 project 14", size: 14, inChannels: 576, outChannels: 96, kernel: 1),
    Layer(name: "v2 expand 7", size: 7, inChannels: 160, outChannels: 960, kernel: 1),
    Layer(name: "squeeze 3x3 16", size: 55, inChannels: 16, outChannels: 64, kernel: 3),
    Layer(name: "resnet 3x3 56", size: 56, inChannels: 64, outChannels: 64, kernel: 3),
    Layer(name: "resnet 3x3 28", size: 28, inChannels: 128, outChannels: 128, kernel: 3),
    Layer(name: "resnet 3x3 14", size: 14, inChannels: 256, outChannels: 256, kernel: 3),
    Layer(name: "resnet 3x3 7", size: 7, inChannels: 512, outChannels: 512, kernel: 3),
    Layer(name: "v1 pw 14, weights from L3", size: 14, inChannels: 512, outChannels: 512, kernel: 1, weightsInTurn: 8 << 20),
    Layer(name: "v1 pw 14, weights from memory", size: 14, inChannels: 512, outChannels: 512, kernel: 1, weightsInTurn: 96 << 20),
    Layer(name: "v1 pw 7, weights from L3", size: 7, inChannels: 1024, outChannels: 1024, kernel: 1, weightsInTurn: 12 << 20),
    Layer(name: "v1 pw 7, weights from memory", size: 7, inChannels: 1024, outChannels: 1024, kernel: 1, weightsInTurn: 96 << 20),
    Layer(name: "resnet 3x3 7, weights from memory", size: 7, inChannels: 512, outChannels: 512, kernel: 3, weightsInTurn: 96 << 20),
    Layer(name: "resnet 3x3 14, weights from memory", size: 14, inChannels: 256, outChannels: 256, kernel: 3, weightsInTurn: 96 << 20),
    Layer(
      name: "squeeze classifier, weights from memory", size: 13, inChannels: 512, outChannels: 1000, kernel: 1, weightsInTurn: 96 << 20),
    Layer(name: "v2 expand 7, weights from memory", size: 7, inChannels: 160, outChannels: 960, kernel: 1, weightsInTurn: 96 << 20),
    Layer(name: "shuffle pw g3", size: 28, inChannels: 240, outChannels: 60, kernel: 1, groups: 3),
    Layer(name: "linear 1024x1000", size: 1, inChannels: 1024, outChannels: 1000, kernel: 1),
    Layer(name: "linear 9216x4096", size: 1, inChannels: 9216, outChannels: 4096, kernel: 1),
  ]

  static let depthwise = [
    Layer(name: "v1 dw 112", size: 112, inChannels: 32, outChannels: 32, kernel: 3, groups: 32),
    Layer(name: "v1 dw 112/2", size: 112, inChannels: 64, outChannels: 64, kernel: 3, stride: 2, groups: 64),
    Layer(name: "v1 dw 56", size: 56, inChannels: 128, outChannels: 128, kernel: 3, groups: 128),
    Layer(name: "v1 dw 28/2", size: 28, inChannels: 256, outChannels: 256, kernel: 3, stride: 2, groups: 256),
    Layer(name: "v1 dw 14", size: 14, inChannels: 512, outChannels: 512, kernel: 3, groups: 512),
    Layer(name: "v1 dw 7", size: 7, inChannels: 1024, outChannels: 1024, kernel: 3, groups: 1024),
    Layer(name: "dw L1 8x8x64", size: 8, inChannels: 64, outChannels: 64, kernel: 3, groups: 64),
    Layer(name: "dw L1 14x16", size: 14, inChannels: 16, outChannels: 16, kernel: 3, groups: 16),
    Layer(name: "dw L1lines 28x16", size: 28, inChannels: 16, outChannels: 16, kernel: 3, groups: 16),
    Layer(name: "dw L1lines 56x16", size: 56, inChannels: 16, outChannels: 16, kernel: 3, groups: 16),
    Layer(name: "dw L2 56x32", size: 56, inChannels: 32, outChannels: 32, kernel: 3, groups: 32),
    Layer(name: "dw L2 28x144", size: 28, inChannels: 144, outChannels: 144, kernel: 3, groups: 144),
    Layer(name: "dw L2 28x128", size: 28, inChannels: 128, outChannels: 128, kernel: 3, groups: 128),
    Layer(name: "dw 5x5 14", size: 14, inChannels: 480, outChannels: 480, kernel: 5, groups: 480),
  ]
}

func productF32Cases() -> [Case] { Layer.products.map(productF32Case) }

func productF32Case(_ layer: Layer) -> Case {
  let (input, output) = (layer.size * layer.size * layer.inChannels, layer.outSize * layer.outSize * layer.outChannels)
  let packing = GemmPacking(
    groups: layer.groups, groupOutChannels: layer.outChannels / layer.groups, groupInChannels: layer.inChannels / layer.groups,
    taps: layer.kernel * layer.kernel)
  let descriptor = GemmF32Descriptor(
    geometry: layer.geometry, groups: layer.groups, groupInChannels: packing.groupInChannels, groupOutChannels: packing.groupOutChannels,
    weights: Buffer.floats(packing.f32Bytes / 4).pointer(), bias: Buffer.floats(packing.columnCount).pointer(), epilogue: .relu,
    inputIsNCHW: layer.planar)
  var others: [GemmF32Descriptor] = []
  for _ in 1..<max(2, layer.weightsInTurn / packing.f32Bytes) where layer.weightsInTurn > 0 {
    others.append(descriptor)
    others[others.count - 1].weights = UnsafePointer(Buffer.floats(packing.f32Bytes / 4).pointer())
  }
  return Case(
    layer.name, macs: layer.macs, bytes: Double(4 * (input + output) + packing.f32Bytes), descriptor, [.floats(output), .floats(input)],
    others: others)
}

func productU8S8Cases() -> [Case] { Layer.products.filter { !$0.planar }.map { productU8S8Case($0, inQuads: false) } }

func productQuadsCases() -> [Case] { Layer.products.filter { !$0.planar }.map { productU8S8Case($0, inQuads: true) } }

func productU8S8Case(_ layer: Layer, inQuads: Bool) -> Case {
  let (input, output) = (layer.size * layer.size * layer.inChannels, layer.outSize * layer.outSize * layer.outChannels)
  let packing = GemmPacking(
    groups: layer.groups, groupOutChannels: layer.outChannels / layer.groups, groupInChannels: layer.inChannels / layer.groups,
    taps: layer.kernel * layer.kernel)
  let descriptor = GemmU8S8Descriptor(
    geometry: layer.geometry, groups: layer.groups, groupInChannels: packing.groupInChannels, groupOutChannels: packing.groupOutChannels,
    inputZeroPoint: 128, weights: Buffer.codes(inQuads ? packing.quadBytes : packing.s8Bytes).pointer(),
    bias: Buffer(bytes: 4 * packing.columnCount).pointer(),
    scales: Buffer.floats(packing.columnCount).pointer(), requantization: .u8(zeroPoint: 3))
  let bytes = Double(input + output + packing.s8Bytes)
  if inQuads {
    return Case(layer.name, macs: layer.macs, bytes: bytes, GemmQuadsU8S8Descriptor(descriptor), [.codes(output), .codes(input)])
  }
  return Case(layer.name, macs: layer.macs, bytes: bytes, descriptor, [.codes(output), .codes(input)])
}

/// By quads without VNNI, of weights in a bell whose largest are ±127, most of which fit.
func productExcessCases() -> [Case] {
  Layer.products.filter { !$0.planar }.map { layer in
    let item = (input: layer.size * layer.size * layer.inChannels, output: layer.outSize * layer.outSize * layer.outChannels)
    let packing = GemmPacking(
      groups: layer.groups, groupOutChannels: layer.outChannels / layer.groups, groupInChannels: layer.inChannels / layer.groups,
      taps: layer.kernel * layer.kernel)
    var state: UInt64 = 1
    let deviation = 127 / (2 * Double(packing.depth).logarithm).squareRoot()
    let weights = (0..<packing.depth * layer.outChannels).map { _ -> Int8 in
      // Four uniform numbers of 16 bits, whose variances add up to a third.
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let words = (state ^ state >> 29) &* 0x9E37_79B9_7F4A_7C15
      let sum = (0..<4).reduce(0.0) { $0 + Double(words >> (16 * UInt64($1)) & 0xFFFF) / 65536 } - 2
      return Int8(max(-127, min(127, sum * 1.732 * deviation)))
    }
    let quads = Buffer(bytes: packing.quadBytes)
    let place = quads.base.assumingMemoryBound(to: Int8.self)
    packing.pack(quads: weights, packing.oihw, into: place)
    let pairs = packing.excessPairs(quads: place)
    let excess = Buffer(bytes: 4 * packing.excessWords(pairs: pairs))
    packing.takeExcess(quads: place, into: excess.base.assumingMemoryBound(to: Int32.self))
    let descriptor = GemmU8S8Descriptor(
      geometry: layer.geometry, groups: layer.groups, groupInChannels: packing.groupInChannels, groupOutChannels: packing.groupOutChannels,
      inputZeroPoint: 128, weights: quads.pointer(), bias: Buffer(bytes: 4 * packing.columnCount).pointer(),
      scales: Buffer.floats(packing.columnCount).pointer(), requantization: .u8(zeroPoint: 3))
    return Case(
      "excess \(layer.name), \(pairs) pairs", macs: layer.macs, bytes: Double(item.input + item.output + packing.quadBytes),
      GemmQuadsU8S8Descriptor(descriptor, excess: excess.pointer()), [.codes(item.output), .codes(item.input)])
  }
}

extension Double {
  /// The natural logarithm.
  fileprivate var logarithm: Double { log(self) }
}

func depthwiseF32Cases() -> [Case] {
  Layer.depthwise.map { layer in
    let (input, output) = (layer.size * layer.size * layer.inChannels, layer.outSize * layer.outSize * layer.outChannels)
    let packing = DepthwisePacking(channels: layer.inChannels, taps: layer.kernel * layer.kernel)
    let descriptor = DepthwiseF32Descriptor(
      geometry: layer.geometry, channels: layer.inChannels, weights: Buffer.floats(packing.weightCount).pointer(),
      bias: Buffer.floats(packing.columnCount).pointer(), epilogue: .relu)
    return Case(
      layer.name, macs: layer.macs, bytes: Double(4 * (input + output + packing.weightCount)), descriptor,
      [.floats(output), .floats(input)])
  }
}

func depthwiseU8S8Cases() -> [Case] {
  Layer.depthwise.map { layer in
    let (input, output) = (layer.size * layer.size * layer.inChannels, layer.outSize * layer.outSize * layer.outChannels)
    let packing = DepthwisePacking(channels: layer.inChannels, taps: layer.kernel * layer.kernel)
    let weights = Buffer(bytes: 2 * packing.weightCount)
    packing.pack(s8: Buffer.codes(packing.weightCount).pointer(), into: weights.pointer())
    let descriptor = DepthwiseU8S8Descriptor(
      geometry: layer.geometry, channels: layer.inChannels, inputZeroPoint: 128, weights: weights.pointer(),
      bias: Buffer(bytes: 4 * packing.columnCount).pointer(), scales: Buffer.floats(packing.columnCount).pointer(),
      requantization: .u8(zeroPoint: 3))
    return Case(
      layer.name, macs: layer.macs, bytes: Double(input + output + 2 * packing.weightCount), descriptor, [.codes(output), .codes(input)])
  }
}
