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
  /// A multiple of `depthwiseLanes`.
  var channels: Int
  var output: UnsafeMutablePointer<Float>
  var outputStride: Int
  var outputLineStride: Int
  var low: Float
  var high: Float
}

/// The sums of four pixels, a vector of channels.
struct DepthwiseSums {
  var c0: DepthwiseVector
  var c1: DepthwiseVector
  var c2: DepthwiseVector
  var c3: DepthwiseVector

  @inline(__always)
  init(_ bias: DepthwiseVector) {
    c0 = bias
    c1 = bias
    c2 = bias
    c3 = bias
  }

  /// One line of three taps, stride 1: columns x0 … x5.
  @inline(__always)
  mutating func add(_ x: DepthwiseColumns, _ w0: DepthwiseVector, _ w1: DepthwiseVector, _ w2: DepthwiseVector) {
    c0 = c0.addingProduct(x.x0, w0).addingProduct(x.x1, w1).addingProduct(x.x2, w2)
    c1 = c1.addingProduct(x.x1, w0).addingProduct(x.x2, w1).addingProduct(x.x3, w2)
    c2 = c2.addingProduct(x.x2, w0).addingProduct(x.x3, w1).addingProduct(x.x4, w2)
    c3 = c3.addingProduct(x.x3, w0).addingProduct(x.x4, w1).addingProduct(x.x5, w2)
  }

  /// Clamps and writes.
  @inline(__always)
  func write(_ to: UnsafeMutablePointer<Float>, _ next: Int, _ low: DepthwiseVector, _ high: DepthwiseVector) {
    storeDepthwise(c0, to, low, high)
    storeDepthwise(c1, to + next, low, high)
    storeDepthwise(c2, to + 2 * next, low, high)
    storeDepthwise(c3, to + 3 * next, low, high)
  }
}

/// Six neighbouring columns of a line, a vector of channels.
struct DepthwiseColumns {
  let x0: DepthwiseVector
  let x1: DepthwiseVector
  let x2: DepthwiseVector
  let x3: DepthwiseVector
  let x4: DepthwiseVector
  let x5: DepthwiseVector

  /// Inside the image.
  @inline(__always)
  init(_ line: UnsafePointer<Float>, step: Int) {
    x0 = loadDepthwise(line)
    x1 = loadDepthwise(line + step)
    x2 = loadDepthwise(line + 2 * step)
    x3 = loadDepthwise(line + 3 * step)
    x4 = loadDepthwise(line + 4 * step)
    x5 = loadDepthwise(line + 5 * step)
  }

  /// At its edge.
  @inline(__always)
  init(_ columns: UnsafePointer<UnsafePointer<Float>>, channel: Int) {
    x0 = loadDepthwise(columns[0] + channel)
    x1 = loadDepthwise(columns[1] + channel)
    x2 = loadDepthwise(columns[2] + channel)
    x3 = loadDepthwise(columns[3] + channel)
    x4 = loadDepthwise(columns[4] + channel)
    x5 = loadDepthwise(columns[5] + channel)
  }
}
