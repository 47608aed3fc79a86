import KernelContract
import Kernels
import Plan

/// A chain of layers run whole, and by bands of a few lines.
struct Chain {
  var name: String
  var layers: [Layer]

  static let all = [
    Chain(
      name: "v2 block 112",
      layers: [
        Layer(name: "", size: 112, inChannels: 16, outChannels: 96, kernel: 1),
        Layer(name: "", size: 112, inChannels: 96, outChannels: 96, kernel: 3, stride: 2, groups: 96),
        Layer(name: "", size: 56, inChannels: 96, outChannels: 24, kernel: 1),
      ]),
    Chain(
      name: "v2 block 56",
      layers: [
        Layer(name: "", size: 56, inChannels: 24, outChannels: 144, kernel: 1),
        Layer(name: "", size: 56, inChannels: 144, outChannels: 144, kernel: 3, groups: 144),
        Layer(name: "", size: 56, inChannels: 144, outChannels: 24, kernel: 1),
      ]),
    Chain(
      name: "v2 block 28",
      layers: [
        Layer(name: "", size: 28, inChannels: 32, outChannels: 192, kernel: 1),
        Layer(name: "", size: 28, inChannels: 192, outChannels: 192, kernel: 3, groups: 192),
        Layer(name: "", size: 28, inChannels: 192, outChannels: 32, kernel: 1),
      ]),
    Chain(
      name: "v2 block 14",
      layers: [
        Layer(name: "", size: 14, inChannels: 64, outChannels: 384, kernel: 1),
        Layer(name: "", size: 14, inChannels: 384, outChannels: 384, kernel: 3, groups: 384),
        Layer(name: "", size: 14, inChannels: 384, outChannels: 64, kernel: 1),
      ]),
    Chain(
      name: "v1 dw pw 112",
      layers: [
        Layer(name: "", size: 112, inChannels: 32, outChannels: 32, kernel: 3, groups: 32),
        Layer(name: "", size: 112, inChannels: 32, outChannels: 64, kernel: 1),
      ]),
    Chain(
      name: "v1 dw pw dw pw 112",
      layers: [
        Layer(name: "", size: 112, inChannels: 32, outChannels: 32, kernel: 3, groups: 32),
        Layer(name: "", size: 112, inChannels: 32, outChannels: 64, kernel: 1),
        Layer(name: "", size: 112, inChannels: 64, outChannels: 64, kernel: 3, stride: 2, groups: 64),
        Layer(name: "", size: 56, inChannels: 64, outChannels: 128, kernel: 1),
      ]),
    Chain(
      name: "v1 dw pw 56",
      layers: [
        Layer(name: "", size: 56, inChannels: 128, outChannels: 128, kernel: 3, groups: 128),
        Layer(name: "", size: 56, inChannels: 128, outChannels: 128, kernel: 1),
      ]),
    Chain(
      name: "v1 pw dw 56",
      layers: [
        Layer(name: "", size: 56, inChannels: 128, outChannels: 128, kernel: 1),
        Layer(name: "", size: 56, inChannels: 128, outChannels: 128, kernel: 3, groups: 128),
      ]),
    Chain(
      name: "v1 dw pw dw pw 56",
      layers: [
        Layer(name: "", size: 56, inChannels: 128, outChannels: 128, kernel: 3, groups: 128),
        Layer(name: "", size: 56, inChannels: 128, outChannels: 128, kernel: 1),
        Layer(name: "", size: 56, inChannels: 128, outChannels: 128, kernel: 3, stride: 2, groups: 128),
        Layer(name: "", size: 28, inChannels: 128, outChannels: 256, kernel: 1),
      ]),
    Chain(
      name: "v1 dw pw 28",
      layers: [
        Layer(name: "", size: 28, inChannels: 256, outChannels: 256, kernel: 3, groups: 256),
        Layer(name: "", size: 28, inChannels: 256, outChannels: 256, kernel: 1),
      ]),
    Chain(
      name: "v1 dw pw 14",
      layers: [
        Layer(name: "", size: 14, inChannels: 512, outChannels: 512, kernel: 3, groups: 512),
        Layer(name: "", size: 14, inChannels: 512, outChannels: 512, kernel: 1),
      ]),
    Chain(
      name: "first dw pw",
      layers: [
        Layer(name: "", size: 224, inChannels: 3, outChannels: 32, kernel: 3, stride: 2, planar: true),
        Layer(name: "", size: 112, inChannels: 32, outChannels: 32, kernel: 3, groups: 32),
        Layer(name: "", size: 112, inChannels: 32, outChannels: 16, kernel: 1),
      ]),
    Chain(
      name: "resnet bottleneck 56",
      layers: [
        Layer(name: "", size: 56, inChannels: 256, outChannels: 64, kernel: 1),
        Layer(name: "", size: 56, inChannels: 64, outChannels: 64, kernel: 3),
        Layer(name: "", size: 56, inChannels: 64, outChannels: 256, kernel: 1),
      ]),
  ]
}

func bandCases() -> [Case] {
  Chain.all.flatMap { chain in
    let steps = chain.layers.map(step)
    let height = steps[steps.count - 1].geometry.outputHeight
    return ([height] + [1, 2, 4, 6, 8, 14].filter { $0 < height }).map { bandCase(chain, steps, $0, height) }
  }
}

private func step(_ layer: Layer) -> any BandStep {
  if layer.groups > 1 {
    let packing = DepthwisePacking(channels: layer.inChannels, taps: layer.kernel * layer.kernel)
    return DepthwiseF32Descriptor(
      geometry: layer.geometry, channels: layer.inChannels, weights: Buffer.floats(packing.weightCount).pointer(),
      bias: Buffer.floats(packing.columnCount).pointer(), epilogue: .relu)
  }
  let packing = GemmPacking(
    groupOutChannels: layer.outChannels, groupInChannels: layer.inChannels, taps: layer.kernel * layer.kernel)
  return GemmF32Descriptor(
    geometry: layer.geometry, groupInChannels: packing.groupInChannels, groupOutChannels: packing.groupOutChannels,
    weights: Buffer.floats(packing.f32Bytes / 4).pointer(), bias: Buffer.floats(packing.columnCount).pointer(), epilogue: .relu,
    inputIsNCHW: layer.planar)
}

private func bandCase(_ chain: Chain, _ steps: [any BandStep], _ bandLines: Int, _ height: Int) -> Case {
  let layout = BandLayout(steps, bandLines: bandLines)
  let stages = UnsafeMutablePointer<BandStage>.allocate(capacity: steps.count)
  func place<Step: BandStep>(_ step: Step) -> (UnsafeRawPointer, StepFunction) {
    let memory = UnsafeMutablePointer<Step>.allocate(capacity: 1)
    memory.initialize(to: step)
    return (UnsafeRawPointer(memory), kernelTable().first { $0.family == Step.family }!.step)
  }
  for index in steps.indices {
    let (descriptor, function) = place(layout.steps[index])
    stages[index] = layout.stage(index, descriptor: descriptor, function: function)
  }
  let descriptor = BandsDescriptor(
    stages: stages, stageCount: steps.count, batch: 1, outputHeight: height, stripes: 1, bandLines: bandLines, ownBytes: layout.ownBytes,
    stepBytes: layout.stepBytes)
  let (first, last) = (chain.layers[0], chain.layers[chain.layers.count - 1])
  let (input, output) = (first.size * first.size * first.inChannels, last.outSize * last.outSize * last.outChannels)
  return Case(
    "\(chain.name) by \(bandLines), \(layout.ownBytes >> 10) KB", macs: chain.layers.reduce(0) { $0 + $1.macs },
    bytes: Double(4 * (input + output)), descriptor, [.floats(output), .floats(input)])
}
