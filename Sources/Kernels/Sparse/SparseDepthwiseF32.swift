import KernelContract

/// Fills a sparse product's panel with the results of a depthwise convolution; see `SparseDepthwise`.
///
/// A strip is made in columns of eight pixels, from the tile's first line to its last. Every tap is a load of eight neighbours, of which a mask clears
/// those that lie beside the image; lines above and below it are a line of zeros. What is loaded and cleared is another line's or channel's:
/// where it would be no element of the input at all, the lines are copied first.
struct SparseDepthwiseF32 {
  private let depthwise: SparseDepthwise
  private let channelStride: Int
  private let stripFloats: Int
  private let spansLines: Bool
  private let clamps: Bool
  /// [segment][column of the window]
  private let masks: UnsafeMutablePointer<SIMD8<UInt32>>
  private let segments: UnsafeMutablePointer<DepthwiseSegment>
  private let copied: UnsafeMutablePointer<Float>
  private let pitch: Int
  private var column: DepthwiseColumnF32
  private var input: UnsafePointer<Float>
  private var firstChannel = 0
  /// The input's line and column that the tile's first pixel sees first.
  private var top = 0
  private var left = 0

  /// - Parameter scratch: `SparseDepthwise.scratchBytes`, aligned to 64 bytes.
  init(_ own: SparseDepthwise, spansLines: Bool, stripFloats: Int, channelStride: Int, _ scratch: UnsafeMutablePointer<Float>) {
    depthwise = own
    self.channelStride = channelStride
    (self.stripFloats, self.spansLines) = (stripFloats, spansLines)
    clamps = isClamp(own.epilogue)
    let g = own.geometry
    let count = spansLines ? 1 : blocks(g.outputWidth, of: 8)
    pitch = own.pitch(spansLines: spansLines)
    masks = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: SIMD8<UInt32>.self)
    segments = UnsafeMutableRawPointer(masks + count * g.kernelWidth).assumingMemoryBound(to: DepthwiseSegment.self)
    let zeros = UnsafeMutableRawPointer(segments + count).assumingMemoryBound(to: Float.self)
    for i in 0..<pitch { zeros[i] = 0 }
    copied = zeros + pitch
    input = UnsafePointer(zeros)
    column = DepthwiseColumnF32(
      height: g.kernelHeight, width: g.kernelWidth, strideY: g.strideY, strideX: g.strideX, dilationY: g.dilationY,
      dilationX: g.dilationX, weights: own.weights, bias: 0, low: splat8(clamps ? own.epilogue.a : -.infinity),
      high: splat8(clamps ? own.epilogue.b : .infinity), zeros: UnsafePointer(zeros), segments: UnsafePointer(segments),
      segmentCount: count, masks: UnsafePointer(masks), from: UnsafePointer(zeros), fromLine: 0, above: 0, below: 0, lines: 0, to: zeros,
      toLine: spansLines ? 8 : g.outputWidth)
  }

  /// Turns to another tile.
  /// - Parameters:
  ///   - input: the image's first channel of all.
  ///   - line, x, lines: where in the output the tile begins, and its lines.
  mutating func begin(_ input: UnsafePointer<Float>, firstChannel: Int, line: Int, x: Int, lines: Int) {
    (self.input, self.firstChannel) = (input, firstChannel)
    let g = depthwise.geometry
    (top, left) = (line * g.strideY - g.padTop, x * g.strideX - g.padLeft)
    column.lines = lines
    let seen = SparseDepthwise.inputLines(g, lines)
    column.above = min(seen, max(0, -top))
    column.below = max(column.above, min(seen, g.inputHeight - top))
    for index in 0..<column.segmentCount {
      // The last one overlaps the one before where there is one.
      let begin = spansLines ? 0 : min(8 * index, max(0, g.outputWidth - 8))
      let from = left + begin * g.strideX
      segments[index] = DepthwiseSegment(
        from: begin * g.strideX, to: begin,
        isInside: from >= 0 && from + 7 * g.strideX + (g.kernelWidth - 1) * g.dilationX < g.inputWidth)
      for tap in 0..<g.kernelWidth {
        var mask = SIMD8<UInt32>(repeating: 0)
        for lane in 0..<8 {
          let at = from + lane * g.strideX + tap * g.dilationX
          if at >= 0 && at < g.inputWidth { mask[g.strideX == 2 ? dealtLane(lane) : lane] = .max }
        }
        masks[index * g.kernelWidth + tap] = mask
      }
    }
  }

  /// Writes the strips of channels `first ..< end` of a group, one behind the other; up to seven floats behind the last are spilled.
  mutating func fill(_ first: Int, _ end: Int, into panel: UnsafeMutablePointer<Float>) {
    let g = depthwise.geometry
    let (taps, lines) = (g.kernelHeight * g.kernelWidth, column.lines)
    // Windows with bodies of their own, where padding is a line at most.
    let isThree = g.kernelHeight == 3 && g.kernelWidth == 3 && g.dilationX == 1 && g.dilationY == 1 && g.strideY == g.strideX
    let isOne = isThree && g.strideX == 1 && column.above <= 2 && column.below >= lines
    let isTwo = isThree && g.strideX == 2 && column.above <= 1 && column.below >= 2 * lines - 1
    // From where to where a channel is read, counted from its first element, and where the input ends.
    let begin = top * g.inputWidth + left
    let lowest = begin + column.above * g.inputWidth
    let highest = begin + (column.below - 1) * g.inputWidth + depthwise.reads(spansLines: spansLines)
    let elements = (depthwise.channels - 1) * channelStride + g.inputHeight * g.inputWidth
    var channel = firstChannel + first
    var place = channel * channelStride
    column.weights = depthwise.weights + channel * taps
    column.to = panel
    for _ in first..<end {
      fetch(input + (place + lowest + channelStride), highest - lowest)
      column.bias = depthwise.bias[channel]
      if place + lowest >= 0 && place + highest <= elements {
        (column.from, column.fromLine) = (input + (place + begin), g.inputWidth)
      } else {
        copyLines(input + place)
        (column.from, column.fromLine) = (UnsafePointer(copied), pitch)
      }
      if isOne {
        convolveColumn3(&column)
      } else if isTwo {
        convolveColumn3Strided(&column)
      } else {
        convolveColumn(&column)
      }
      if !clamps { activateRow(column.to, column.to, spansLines ? 8 * lines : lines * g.outputWidth, depthwise.epilogue) }
      channel += 1
      place += channelStride
      column.weights += taps
      column.to += stripFloats
    }
  }

  /// Asks for what comes next: few bytes go to the first-level cache at once.
  @inline(__always)
  private func fetch(_ from: UnsafePointer<Float>, _ count: Int) {
    if spansLines {
      var line = from
      for _ in column.above..<column.below {
        fetchToLevel1(line)
        line += depthwise.geometry.inputWidth
      }
      return
    }
    var place = 0
    if count <= 1024 {
      while place < count {
        fetchToLevel1(from + place)
        place += 16
      }
    } else {
      while place < count {
        fetchToLevel2(from + place)
        place += 16
      }
    }
  }

  /// What a tile sees of a channel, line by line; nothing that is no element of it is read.
  private func copyLines(_ channel: UnsafePointer<Float>) {
    let g = depthwise.geometry
    for line in column.above..<column.below {
      let to = copied + line * pitch
      for i in 0..<pitch {
        let at = left + i
        to[i] = at >= 0 && at < g.inputWidth ? channel[(top + line) * g.inputWidth + at] : 0
      }
    }
  }
}
