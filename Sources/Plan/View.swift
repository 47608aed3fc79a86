import KernelContract
import Tensors

/// A tensor in memory: a buffer, the first element's position in it, and for each extent the distance to the next element.
///
/// Reshaping, transposing, slicing, splitting and joining are changes of views wherever strides can express them; a kernel that
/// needs a certain order asks the builder for it, which copies only then. Offsets and strides count elements.
struct View: Hashable {
  /// Index into the builder's buffers.
  var buffer: Int
  var offset: Int
  var dtype: DType
  var shape: [Int]
  var strides: [Int]

  var count: Int { shape.reduce(1, *) }
  var byteCount: Int { count * dtype.byteCount }
  var byteOffset: Int { offset * dtype.byteCount }

  init(buffer: Int, offset: Int = 0, dtype: DType, shape: [Int], strides: [Int]? = nil) {
    self.buffer = buffer
    self.offset = offset
    self.dtype = dtype
    self.shape = shape
    self.strides = strides ?? View.rowMajor(shape)
  }

  /// Strides of a dense tensor whose last extent is innermost.
  static func rowMajor(_ shape: [Int]) -> [Int] { dense(shape, order: Array(shape.indices)) }

  /// Strides of a dense tensor whose axes lie in memory in `order`, outermost first.
  static func dense(_ shape: [Int], order: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    var step = 1
    for axis in order.reversed() {
      strides[axis] = step
      step *= max(shape[axis], 1)
    }
    return strides
  }

  /// Strides of an image tensor with its channels (axis 1) innermost: NHWC for rank 4. Row-major below rank 3.
  static func pixels(_ shape: [Int]) -> [Int] {
    guard shape.count >= 3 else { return rowMajor(shape) }
    return dense(shape, order: [0] + Array(2..<shape.count) + [1])
  }

  /// The axes as they lie in memory, outermost first; those of extent 1 keep their place among equals.
  var memoryOrder: [Int] {
    let known = shape.indices.filter { shape[$0] != 1 }.sorted { (abs(strides[$1]), $0) < (abs(strides[$0]), $1) }
    return shape.indices.filter { shape[$0] == 1 } + known
  }

  /// Strides of a dense tensor that lies in memory in the same order.
  var denseStrides: [Int] { View.dense(shape, order: memoryOrder) }

  /// Whether the strides are `other` wherever the extent makes them matter.
  func hasStrides(_ other: [Int]) -> Bool {
    count == 0 || shape.indices.allSatisfy { shape[$0] == 1 || strides[$0] == other[$0] }
  }

  var isRowMajor: Bool { hasStrides(View.rowMajor(shape)) }
  var isDense: Bool { hasStrides(denseStrides) }

  /// For [N, C, spatial…] with channels innermost and everything else dense in pixels: the distance between pixels.
  var pixelStride: Int? {
    guard shape.count >= 2 else { return nil }
    let channels = shape[1]
    guard channels == 1 || strides[1] == 1 || count == 0 else { return nil }
    var stride: Int?
    var pixels = 1
    for axis in [0] + Array(2..<shape.count) where shape[axis] != 1 { pixels *= shape[axis] }
    if pixels <= 1 { return max(channels, 1) }
    var inner = 1
    for axis in (Array(2..<shape.count).reversed() + [0]) where shape[axis] != 1 {
      if let known = stride {
        guard strides[axis] == known * inner else { return nil }
      } else {
        stride = strides[axis]
      }
      inner *= shape[axis]
    }
    guard let stride, stride >= channels else { return nil }
    return stride
  }

  /// For [N, C, spatial…] whose channels are images of neighbouring pixels: how far channels and images lie apart.
  var planes: Planes? {
    guard shape.count >= 3 else { return nil }
    var pixels = 1
    for axis in (2..<shape.count).reversed() {
      if shape[axis] != 1, strides[axis] != pixels { return nil }
      pixels *= shape[axis]
    }
    let channel = shape[1] == 1 ? pixels : strides[1]
    guard channel >= pixels || count == 0 else { return nil }
    let image = shape[0] == 1 ? channel * shape[1] : strides[0]
    return image > 0 || count == 0 ? Planes(channelStride: channel, imageStride: image) : nil
  }

  func transposed(_ permutation: [Int]) -> View {
    var view = self
    view.shape = permutation.map { shape[$0] }
    view.strides = permutation.map { strides[$0] }
    return view
  }

  /// `count` elements of an axis from `start`, `step` apart (which may be negative).
  func sliced(axis: Int, start: Int, count: Int, step: Int = 1) -> View {
    var view = self
    if count > 0 { view.offset += start * strides[axis] }
    view.shape[axis] = count
    view.strides[axis] *= step
    return view
  }

  /// Repeated to `target` by ONNX broadcasting, with strides of 0.
  func broadcast(to target: [Int]) -> View {
    var view = self
    let missing = target.count - shape.count
    view.shape = target
    view.strides = target.indices.map { axis in
      let own = axis - missing
      return own < 0 || (shape[own] == 1 && target[axis] != 1) ? 0 : strides[own]
    }
    return view
  }

  /// The same elements in the same logical order under another shape of equal count; nil where strides cannot say it.
  func reshaped(_ target: [Int]) -> View? {
    var view = self
    view.shape = target
    if count == 0 {
      view.strides = View.rowMajor(target)
      return view
    }
    let kept = shape.indices.filter { shape[$0] != 1 }
    let old = kept.map { (extent: shape[$0], stride: self.strides[$0]) }
    var changed = [Int](repeating: 1, count: target.count)
    // Groups of old axes and of new axes with equal products, outermost first; a group's old axes must walk as one.
    var (i, j) = (0, 0)
    while i < old.count {
      var (oldProduct, newProduct) = (old[i].extent, 1)
      let (oldBegin, newBegin) = (i, j)
      i += 1
      while j < target.count, target[j] == 1 { j += 1 }
      guard j < target.count else { return nil }
      newProduct = target[j]
      j += 1
      while oldProduct != newProduct {
        if oldProduct < newProduct {
          guard i < old.count else { return nil }
          oldProduct *= old[i].extent
          i += 1
        } else {
          guard j < target.count else { return nil }
          newProduct *= target[j]
          j += 1
        }
      }
      for axis in oldBegin..<(i - 1) where old[axis].stride != old[axis + 1].stride * old[axis + 1].extent { return nil }
      var step = old[i - 1].stride
      for axis in (newBegin..<j).reversed() {
        changed[axis] = step
        step *= target[axis]
      }
    }
    view.strides = changed
    return view
  }
}
