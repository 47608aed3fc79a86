/// What one call of the depthwise micro-kernels reads and writes: groups of four neighbouring pixels of one output line, or of two.
struct DepthwiseTileF32 {
  /// Column 0 of the first group's windows, on the first line inside the image.
  var input: UnsafePointer<Float>
  /// Elements from one column to the next, and from one line to the next.
  var step: Int
  var lineStride: Int
  /// Lines of the window inside the image.
  var lines: Int
  /// `[line][column]`: where each column of a group at the edge of the image begins.
  var columns: UnsafeMutablePointer<UnsafePointer<Float>>
  var groups: Int
  /// Of the first line inside, and from one block of 16 channels to the next.
  var weights: UnsafePointer<Float>
  var blockStride: Int
  var bias: UnsafePointer<Float>
  /// A multiple of 8.
  var channels: Int
  var output: UnsafeMutablePointer<Float>
  var outputStride: Int
  var outputLineStride: Int
  var low: Float
  var high: Float
}

/// The sums of four pixels, eight channels.
struct DepthwiseSums {
  var c0: Float8
  var c1: Float8
  var c2: Float8
  var c3: Float8

  @inline(__always)
  init(_ bias: Float8) {
    c0 = bias
    c1 = bias
    c2 = bias
    c3 = bias
  }

  /// One line of three taps, stride 1: columns x0 … x5.
  @inline(__always)
  mutating func add(_ x: DepthwiseColumns, _ w0: Float8, _ w1: Float8, _ w2: Float8) {
    c0 = c0.addingProduct(x.x0, w0).addingProduct(x.x1, w1).addingProduct(x.x2, w2)
    c1 = c1.addingProduct(x.x1, w0).addingProduct(x.x2, w1).addingProduct(x.x3, w2)
    c2 = c2.addingProduct(x.x2, w0).addingProduct(x.x3, w1).addingProduct(x.x4, w2)
    c3 = c3.addingProduct(x.x3, w0).addingProduct(x.x4, w1).addingProduct(x.x5, w2)
  }

  /// Clamps and writes.
  @inline(__always)
  func write(_ to: UnsafeMutablePointer<Float>, _ next: Int, _ low: Float8, _ high: Float8) {
    store8(atMost(high, atLeast(low, c0)), to)
    store8(atMost(high, atLeast(low, c1)), to + next)
    store8(atMost(high, atLeast(low, c2)), to + 2 * next)
    store8(atMost(high, atLeast(low, c3)), to + 3 * next)
  }
}

/// Six neighbouring columns of a line, eight channels.
struct DepthwiseColumns {
  let x0: Float8
  let x1: Float8
  let x2: Float8
  let x3: Float8
  let x4: Float8
  let x5: Float8

  /// Inside the image.
  @inline(__always)
  init(_ line: UnsafePointer<Float>, step: Int) {
    x0 = load8(line)
    x1 = load8(line + step)
    x2 = load8(line + 2 * step)
    x3 = load8(line + 3 * step)
    x4 = load8(line + 4 * step)
    x5 = load8(line + 5 * step)
  }

  /// At its edge.
  @inline(__always)
  init(_ columns: UnsafePointer<UnsafePointer<Float>>, channel: Int) {
    x0 = load8(columns[0] + channel)
    x1 = load8(columns[1] + channel)
    x2 = load8(columns[2] + channel)
    x3 = load8(columns[3] + channel)
    x4 = load8(columns[4] + channel)
    x5 = load8(columns[5] + channel)
  }
}
