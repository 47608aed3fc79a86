import Graph
import Tensors

/// Further samples made of some few: a layer that is fitted to few samples fits what those show, and what a network meets later is more varied.
///
/// Every second one is the mean of two samples ("mixup": Zhang et al. 2018), the others are pieced together from quarters of four. Networks that
/// are pruned learn from what the original makes of them, so it does not matter that nothing looks like that. Where samples are images [N, 3, H, W],
/// parts are mirrored at random; other samples are mixed only; integers are not.
package struct MixedSamples {
  static let option = OptionSchema(
    "mixing", .count(0...16), default: 2,
    "how many further samples are made of each one by mixing them: for few samples; each takes as long as another sample")

  private let source: any SampleSource
  private let indices: [Int]
  /// How many there are.
  package let count: Int

  /// - indices: of the samples to mix; `each`: how many are made for each of them.
  package init(_ source: any SampleSource, of indices: [Int], each: Int) throws {
    self.source = source
    self.indices = indices
    let (total, overflow) = indices.count.multipliedReportingOverflow(by: each)
    guard indices.count > 1, each > 0, !overflow, try source.sample(indices[0]).allSatisfy({ $0.dtype == .f32 }) else {
      count = 0
      return
    }
    count = total
  }

  /// The one at a position below `count`: always the same. A sample as it is where others have another shape.
  package func sample(_ position: Int) throws -> [Tensor] {
    var random = SplitMix64(seed: UInt64(truncatingIfNeeded: position) &* 0xD134_2543_DE82_EF95)
    let first = try source.sample(indices[position % indices.count])
    func other() throws -> [Tensor] { try source.sample(indices[random.below(indices.count)]) }
    if position / indices.count % 2 == 0 {
      let second = try other(), mirrored = random.below(2) == 1
      guard first.map(\.shape) == second.map(\.shape) else { return first }
      return try zip(first, second).map { try Self.mean($0, $1, mirrored: mirrored && Self.isImage($1)) }
    }
    let parts = [first, try other(), try other(), try other()]
    guard first.allSatisfy(Self.isImage), parts.allSatisfy({ $0.map(\.shape) == first.map(\.shape) }) else { return first }
    return try first.indices.map { index in try Self.mosaic(parts.map { $0[index] }, &random) }
  }

  private static func isImage(_ tensor: Tensor) -> Bool {
    tensor.shape.count == 4 && tensor.shape[1] == 3 && tensor.shape[2] >= 16 && tensor.shape[3] >= 16
  }

  private static func mean(_ a: Tensor, _ b: Tensor, mirrored: Bool) throws -> Tensor {
    let (x, y, width) = (a.elements(as: Float.self), b.elements(as: Float.self), max(a.shape.last ?? 1, 1))
    return try Tensor(.f32, a.shape) { bytes in
      let out = bytes.bindMemory(to: Float.self)
      for index in out.indices {
        let other = mirrored ? index + width - 1 - 2 * (index % width) : index
        out[index] = (x[index] + y[other]) * 0.5
      }
    }
  }

  /// A quarter of each of four images, from anywhere in it, in the four corners.
  private static func mosaic(_ parts: [Tensor], _ random: inout SplitMix64) throws -> Tensor {
    let shape = parts[0].shape, (height, width) = (shape[2], shape[3]), planes = shape[0] * shape[1]
    return try Tensor(.f32, shape) { bytes in
      let out = bytes.bindMemory(to: Float.self)
      for (corner, part) in parts.enumerated() {
        let values = part.elements(as: Float.self)
        let (rows, columns) = (corner < 2 ? 0..<height / 2 : height / 2..<height, corner % 2 == 0 ? 0..<width / 2 : width / 2..<width)
        let (top, left) = (random.below(height - rows.count + 1), random.below(width - columns.count + 1))
        let mirrored = random.below(2) == 1
        for plane in 0..<planes {
          for (i, row) in rows.enumerated() {
            let (to, from) = ((plane * height + row) * width, (plane * height + top + i) * width + left)
            for (j, column) in columns.enumerated() { out[to + column] = values[from + (mirrored ? columns.count - 1 - j : j)] }
          }
        }
      }
    }
  }
}
