import Graph
import Kernels
import Plan
import Runtime
import Tensors
import Testing

/// Chains run by bands of lines, against the same steps one by one: every bit is the same.
@Suite struct BandTests {
  private func plan(_ graph: Graph, _ bands: PlanOptions.Bands, threads: Int = 1) throws -> Plan {
    try Planner(kernels: kernelTable(), machine: .current()).plan(graph, PlanOptions(threads: threads, bands: bands))
  }

  /// An image that a chain may go through: a value with its extents.
  private struct Image {
    var id: ValueID
    var channels: Int
    var height: Int
    var width: Int
  }

  /// A window of random size, stride, dilation and padding over `image`; the extents of what it makes, nil where nothing would be left.
  private func window(_ net: inout Net, _ image: Image, kernels: [Int]) -> (attributes: [String: Attribute], kernel: [Int], out: [Int])? {
    let kernel = [net.random.pick(kernels), net.random.pick(kernels)]
    let (strides, dilations) = ([net.random.int(1...2), net.random.int(1...2)], [net.random.int(1...2), net.random.int(1...2)])
    let pads = (0..<4).map { net.random.int(0...max(0, (kernel[$0 % 2] - 1) * dilations[$0 % 2])) }
    let out = [image.height, image.width].enumerated().map { axis, extent in
      (extent + pads[axis] + pads[axis + 2] - (kernel[axis] - 1) * dilations[axis] - 1) / strides[axis] + 1
    }
    let fits = [image.height, image.width].enumerated().allSatisfy { axis, extent in
      extent + pads[axis] + pads[axis + 2] > (kernel[axis] - 1) * dilations[axis]
    }
    guard fits else { return nil }
    return (["strides": .ints(strides), "dilations": .ints(dilations), "pads": .ints(pads)], kernel, out)
  }

  /// Layers one behind the other, some with residuals, the last ones joined with another branch.
  private func network(_ seed: UInt64) throws -> Net {
    var net = Net(seed: seed)
    let channels = net.random.pick([3, 5, 8, 20])
    let (height, width) = (net.random.int(5...23), net.random.int(4...19))
    var image = Image(
      id: net.input([net.random.int(1...3), channels, height, width]), channels: channels, height: height, width: width)
    var images: [Image] = []
    let activations: [[String: Attribute]] = [[:], ["activation": .string("Relu")], ["activation": .string("HardSwish")]]
    for _ in 0..<net.random.int(3...7) {
      switch net.random.int(0...5) {
      case 0, 1:
        let outputs = net.random.pick([4, 8, 17, 33, 70])
        let pointwise = net.random.int(0...2) > 0
        guard let (attributes, kernel, out) = window(&net, image, kernels: pointwise ? [1] : [1, 3, 5]) else { continue }
        let w = try net.constant([outputs, image.channels] + kernel)
        let id = net.node(.conv, [image.id, w, try net.constant([outputs])], attributes.merging(net.random.pick(activations)) { $1 })
        image = Image(id: id, channels: outputs, height: out[0], width: out[1])
      case 2, 3:
        guard image.channels > 1, var (attributes, kernel, out) = window(&net, image, kernels: [1, 2, 3, 5]) else { continue }
        attributes["group"] = .int(image.channels)
        let w = try net.constant([image.channels, 1] + kernel)
        let id = net.node(
          .conv, [image.id, w, try net.constant([image.channels])], attributes.merging(net.random.pick(activations)) { $1 })
        image = Image(id: id, channels: image.channels, height: out[0], width: out[1])
      case 4:
        guard var (attributes, kernel, out) = window(&net, image, kernels: [2, 3]) else { continue }
        attributes["kernel_shape"] = .ints(kernel)
        let isMax = net.random.int(0...1) == 0
        if !isMax { attributes["count_include_pad"] = .int(net.random.int(0...1)) }
        let id = net.node(isMax ? .maxPool : .averagePool, [image.id], attributes)
        image = Image(id: id, channels: image.channels, height: out[0], width: out[1])
      default:
        let same = images.filter { $0.height == image.height && $0.width == image.width }
        guard let other = same.last else { continue }
        let w = try net.constant([other.channels, image.channels, 1, 1])
        let id = net.node(.add, [net.node(.conv, [image.id, w]), other.id], net.random.pick(activations))
        image = Image(id: id, channels: other.channels, height: image.height, width: image.width)
      }
      images.append(image)
    }
    if net.random.int(0...1) == 0, let first = images.first(where: { $0.height == image.height && $0.width == image.width }) {
      image.id = net.node(.concat, [first.id, image.id], ["axis": .int(1)])
      image.channels += first.channels
    }
    net.output(image.id)
    return net
  }

  @Test(arguments: 0..<120) func sameBits(seed: Int) throws {
    var net = try network(UInt64(seed) + 1)
    let graph = try net.finished()
    let inputs = try net.randomInputs()
    let expected = try Executor(plan(graph, .off)).run(inputs)
    for (lines, threads) in [(1, 1), (net.random.int(2...4), 1), (net.random.int(1...5), 3), (100, 2)] {
      let plan = try plan(graph, .always(lines: lines), threads: threads)
      let actual = try Executor(plan, ExecutorOptions(threads: threads)).run(inputs)
      for (a, b) in zip(actual, expected) {
        #expect(a.floats().map(\.bitPattern) == b.floats().map(\.bitPattern), "bands of \(lines), \(threads) threads")
      }
    }
  }

  /// Most of the random chains are run by bands, or the test above would show little.
  @Test func chainsAreFound() throws {
    let joined = try (0..<120).count { seed in
      try plan(network(UInt64(seed) + 1).finished(), .always(lines: 2)).steps.contains { $0.kernel == "bands_1" }
    }
    #expect(joined > 60)
  }

  /// An inverted residual of 56 × 56 pixels: 144 channels in the middle are never in memory as a whole, and the plan says what is in the step.
  @Test func invertedResiduals() throws {
    var net = Net()
    let x = net.input([1, 24, 56, 56])
    let relu: [String: Attribute] = ["activation": .string("Relu")]
    let wide = net.node(.conv, [x, try net.constant([144, 24, 1, 1])], relu)
    let depthwise: [String: Attribute] = ["group": .int(144), "pads": .ints([1, 1, 1, 1])]
    let deep = net.node(.conv, [wide, try net.constant([144, 1, 3, 3])], depthwise.merging(relu) { $1 })
    net.output(net.node(.globalAveragePool, [net.node(.add, [net.node(.conv, [deep, try net.constant([24, 144, 1, 1])]), x])]))
    let graph = try net.finished()
    let whole = try plan(graph, .off)
    let inputs = try net.randomInputs()
    let expected = try Executor(whole).run(inputs)
    for lines in [4, 13] {
      let bands = try plan(graph, .always(lines: lines))
      let step = try #require(bands.steps.first { $0.kernel == "bands_1" })
      #expect(step.operators == ["Conv", "Relu", "Conv", "Relu", "Conv", "Add"])
      #expect(step.macs == 56 * 56 * 144 * (24 + 9 + 24) && bands.macs == whole.macs)
      #expect(step.choice?.text.hasPrefix("bands of \(lines) lines") ?? false)
      #expect(bands.arenaBytes < whole.arenaBytes / 2 && bands.scratchBytes < lines * 120 << 10)
      #expect(try Executor(bands).run(inputs)[0].floats() == expected[0].floats())
    }
  }
}
