import Graph
import Tensors
import Testing

/// Small networks put together at random from what the literature's are made of.
@Suite struct RandomNetTests {
  /// Layers on top of each other, each reading one or two of the images made so far.
  static func network(_ seed: UInt64) throws -> (net: Net, terms: Int) {
    var net = Net(seed: seed)
    let size = net.random.int(4...11)
    let batch = net.random.int(1...2)
    let x = net.input([batch, net.random.int(1...4), size, size])
    var images = [x]
    var channels = try #require(net.graph[x].type?.shape?.fixed).dropFirst().prefix(1).map { [$0] } + []
    var terms = 4
    for _ in 0..<net.random.int(3...9) {
      let pick = net.random.int(0...images.count - 1)
      let (image, width) = (images[pick], channels[pick][0])
      switch net.random.int(0...7) {
      case 0, 1:
        let outputs = net.random.pick([4, 6, 8, 17])
        let kernel = net.random.pick([1, 3])
        let w = try net.constant(
          [outputs, width, kernel, kernel], scaled(&net, outputs * width * kernel * kernel, by: width * kernel * kernel))
        let activation: [String: Attribute] = net.random.pick([[:], ["activation": .string("Relu")], ["activation": .string("HardSwish")]])
        images.append(net.node(.conv, [image, w], activation.merging(["pads": .ints([Int](repeating: kernel / 2, count: 4))]) { $1 }))
        channels.append([outputs])
        terms += width * kernel * kernel
      case 2:
        let w = try net.constant([width, 1, 3, 3], scaled(&net, width * 9, by: 9))
        images.append(net.node(.conv, [image, w], ["pads": .ints([1, 1, 1, 1]), "group": .int(width)]))
        channels.append([width])
        terms += 9
      case 3:
        let other = net.random.int(0...images.count - 1)
        images.append(net.node(.concat, [image, images[other], image], ["axis": .int(1)]))
        channels.append([2 * width + channels[other][0]])
      case 4:
        // conv(x) + x
        let w = try net.constant([width, width, 1, 1], scaled(&net, width * width, by: width))
        let y = net.node(.conv, [image, w])
        let sum: [String: Attribute] = net.random.pick([[:], ["activation": .string("Relu")]])
        images.append(net.node(.add, net.random.pick([[y, image], [image, y]]), sum))
        channels.append([width])
        terms += width + 1
      case 5 where width >= 2:
        let parts = net.nodes(.split, [image, try net.ints([1, width - 1])], outputs: 2, ["axis": .int(1)])
        images += parts
        channels += [[1], [width - 1]]
      case 6 where width % 2 == 0:
        images.append(net.node(.channelShuffle, [image], ["groups": .int(2)]))
        channels.append([width])
      default:
        images.append(net.node(net.random.pick([.relu, .sigmoid, .tanh]), [image]))
        channels.append([width])
      }
      if channels[channels.count - 1][0] > 60 {
        images.removeLast()
        channels.removeLast()
      }
    }
    for image in images.suffix(2) { net.output(image) }
    net.output(net.node(.flatten, [net.node(.globalAveragePool, [images[images.count - 1]])]))
    return (net, terms + size * size)
  }

  /// Weights of a layer whose results stay near one.
  private static func scaled(_ net: inout Net, _ count: Int, by terms: Int) -> [Float] {
    let factor = 1 / Float(terms).squareRoot()
    return net.random.floats(count).map { $0 * factor }
  }

  @Test(arguments: 0..<60) func agrees(seed: Int) throws {
    var (net, terms) = try Self.network(UInt64(seed) + 100)
    let graph = try net.finished()
    let inputs = try net.randomInputs()
    // Errors add up along the deepest chain, whose terms are at most all that were counted.
    try expectAgreement(graph, inputs, terms: terms, slack: 4e-6)
    let (one, three) = (try execute(graph, inputs), try execute(graph, inputs, threads: 3))
    for (a, b) in zip(one, three) { #expect(a.bytes.elementsEqual(b.bytes)) }
  }
}
