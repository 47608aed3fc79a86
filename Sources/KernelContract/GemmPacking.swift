/// The packed right-hand side of a product: what the plan writes once and the kernels read.
///
///     [group][panel of 16 output channels][tap][input channel][16]          f32
///     [group][panel of 16 output channels][pair of depth][16][2]            s8
///
/// where depth counts taps times input channels, taps outermost, and is made even with zeros for the integer form. The last
/// panel of a group is filled up with zeros. Per-column arrays (bias, scales) are `[group][panel][16]`, filled up likewise.
package struct GemmPacking: Sendable {
  /// Columns of a panel.
  package static var panel: Int { 16 }

  package var groups: Int
  package var groupOutChannels: Int
  package var groupInChannels: Int
  package var taps: Int

  package init(groups: Int = 1, groupOutChannels: Int, groupInChannels: Int, taps: Int = 1) {
    self.groups = groups
    self.groupOutChannels = groupOutChannels
    self.groupInChannels = groupInChannels
    self.taps = taps
  }

  /// Distances in the source between neighbours: output channels (over all groups), input channels, taps (ky·kernelWidth + kx).
  package struct Strides: Sendable {
    package var output: Int
    package var input: Int
    package var tap: Int

    package init(output: Int, input: Int, tap: Int = 0) {
      self.output = output
      self.input = input
      self.tap = tap
    }
  }

  /// The strides of convolution weights [out][in / groups][kernelHeight][kernelWidth].
  package var oihw: Strides { Strides(output: groupInChannels * taps, input: taps, tap: 1) }

  package var panels: Int { blocks(groupOutChannels, of: Self.panel) }
  /// Elements of a per-column array.
  package var columnCount: Int { groups * panels * Self.panel }
  package var depth: Int { groupInChannels * taps }
  /// Bytes of packed f32 weights.
  package var f32Bytes: Int { 4 * columnCount * depth }
  /// Bytes of packed 8-bit weights.
  package var s8Bytes: Int { columnCount * roundUp(depth, to: 2) }

  /// Writes `f32Bytes`.
  ///
  /// A line of each of the panel's sixteen channels at a time: channels often lie a multiple of 4 KiB apart, in one set of the cache.
  package func pack(f32 source: UnsafePointer<Float>, _ strides: Strides, into target: UnsafeMutablePointer<Float>) {
    for panel in 0..<groups * panels {
      let column = panel % panels * Self.panel
      let width = min(Self.panel, groupOutChannels - column)
      let from = source + (panel / panels * groupOutChannels + column) * strides.output
      let to = target + panel * Self.panel * depth
      if width < Self.panel { to.update(repeating: 0, count: Self.panel * depth) }
      for tap in 0..<taps {
        let first = from + tap * strides.tap
        var line = to + tap * groupInChannels * Self.panel
        var input = 0
        while input < groupInChannels {
          let count = min(16, groupInChannels - input)
          for lane in 0..<width {
            var term = first + (lane &* strides.output &+ input &* strides.input)
            var place = line + lane
            for _ in 0..<count {
              place.pointee = term.pointee
              term += strides.input
              place += Self.panel
            }
          }
          line += count * Self.panel
          input += count
        }
      }
    }
  }

  /// Writes `s8Bytes`.
  package func pack(s8 source: UnsafePointer<Int8>, _ strides: Strides, into target: UnsafeMutablePointer<Int8>) {
    let padded = roundUp(depth, to: 2)
    forEachColumn { column, channel in
      let panel = target + column / Self.panel * Self.panel * padded + column % Self.panel * 2
      for index in 0..<padded {
        let (tap, input) = (index / max(groupInChannels, 1), index % max(groupInChannels, 1))
        let value = index < depth ? channel.map { source[$0 * strides.output + input * strides.input + tap * strides.tap] } ?? 0 : 0
        panel[index / 2 * Self.panel * 2 + index % 2] = value
      }
    }
  }

  /// Writes `columnCount` values: those of `source`, one per output channel, and `fill` where a panel has no channel.
  package func packColumns<T>(_ source: UnsafePointer<T>, fill: T, into target: UnsafeMutablePointer<T>) {
    forEachColumn { column, channel in target[column] = channel.map { source[$0] } ?? fill }
  }

  /// For every output channel n of the packed s8 weights: `bias[n] − inputZeroPoint · Σ w[n]`, in wrapping Int32 arithmetic.
  package func foldZeroPoint(
    _ inputZeroPoint: Int32, weights: UnsafePointer<Int8>, _ strides: Strides, bias: UnsafeMutablePointer<Int32>
  ) {
    for channel in 0..<groups * groupOutChannels {
      var sum: Int32 = 0
      for index in 0..<depth {
        let (tap, input) = (index / groupInChannels, index % groupInChannels)
        sum &+= Int32(weights[channel * strides.output + input * strides.input + tap * strides.tap])
      }
      bias[channel] &-= inputZeroPoint &* sum
    }
  }

  /// Calls the body with each packed column and the output channel it holds.
  private func forEachColumn(_ body: (_ column: Int, _ channel: Int?) -> Void) {
    let width = panels * Self.panel
    for column in 0..<columnCount {
      let inGroup = column % width
      body(column, inGroup < groupOutChannels ? column / width * groupOutChannels + inGroup : nil)
    }
  }
}
