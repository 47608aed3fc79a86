import Tensors

/// The attributes of a sliding window, read and checked; extents of the input are not known yet.
package struct WindowAttributes: Sendable {
  package enum Padding: Sendable { case explicit, valid, sameUpper, sameLower }

  package let kernel: [Int]
  package let strides: [Int]
  package let dilations: [Int]
  package let pads: [Int]
  package let padding: Padding
  package let ceilMode: Bool

  /// Larger numbers are refused, so that no product of two can overflow.
  private static let limit = 1 << 24

  /// - Throws: `unsupported` for three or more dimensions, `shapeMismatch` for lists of wrong length or numbers out of range.
  package init(_ attributes: Attributes, kernel: [Int]) throws {
    let rank = kernel.count
    guard rank == 1 || rank == 2 else { throw Failure(.unsupported, "windows of \(rank) dimensions are not supported, only 1 and 2") }
    func list(_ name: String, count: Int, fallback: Int, atLeast low: Int) throws -> [Int] {
      let list = try attributes.ints(name) ?? [Int](repeating: fallback, count: count)
      guard list.count == count else { throw Failure(.shapeMismatch, "'\(name)' must have \(count) numbers, it has \(list.count)") }
      guard list.allSatisfy({ $0 >= low && $0 <= Self.limit }) else {
        throw Failure(.shapeMismatch, "'\(name)' must be between \(low) and \(Self.limit), it is \(list)")
      }
      return list
    }
    guard kernel.allSatisfy({ $0 >= 1 && $0 <= Self.limit }) else {
      throw Failure(.shapeMismatch, "the window must be between 1 and \(Self.limit), it is \(kernel)")
    }
    if let stated = try attributes.ints("kernel_shape"), stated != kernel {
      throw Failure(.shapeMismatch, "'kernel_shape' is \(stated) but the weight's window is \(kernel)")
    }
    self.kernel = kernel
    strides = try list("strides", count: rank, fallback: 1, atLeast: 1)
    dilations = try list("dilations", count: rank, fallback: 1, atLeast: 1)
    pads = try list("pads", count: 2 * rank, fallback: 0, atLeast: 0)
    switch try attributes.string("auto_pad", default: "NOTSET") {
    case "NOTSET", "": padding = .explicit
    case "VALID": padding = .valid
    case "SAME_UPPER": padding = .sameUpper
    case "SAME_LOWER": padding = .sameLower
    case let other: throw Failure(.unsupported, "the auto_pad '\(other)' is not known")
    }
    switch try attributes.int("ceil_mode", default: 0) {
    case 0: ceilMode = false
    case 1: ceilMode = true
    case let other: throw Failure(.shapeMismatch, "'ceil_mode' must be 0 or 1, not \(other)")
    }
  }

  private func span(_ axis: Int) -> Int { (kernel[axis] - 1) * dilations[axis] + 1 }

  /// The resolved window over `extents`, one for each spatial dimension.
  package func axes(over extents: [Int]) throws -> [WindowGeometry.Axis] {
    guard extents.count == kernel.count else {
      throw Failure(.shapeMismatch, "the window has \(kernel.count) dimensions, the input has \(extents.count)")
    }
    return try extents.indices.map { try axis($0, over: extents[$0]) }
  }

  private func axis(_ axis: Int, over input: Int) throws -> WindowGeometry.Axis {
    guard input >= 0, input <= 1 << 46 else { throw Failure(.shapeMismatch, "the extent \(input) is out of range") }
    let (stride, span) = (strides[axis], span(axis))
    var (begin, end, output) = (0, 0, 0)
    switch padding {
    case .explicit, .valid:
      if padding == .explicit { (begin, end) = (pads[axis], pads[axis + kernel.count]) }
      let room = input + begin + end - span
      guard room >= 0, input > 0 else {
        throw Failure(.shapeMismatch, "a window of \(span) does not fit an extent of \(input) padded by \(begin) and \(end)")
      }
      output = room / stride + 1
      if ceilMode, padding == .explicit, room % stride != 0 {
        // A window that would begin in the padding behind the input is left out.
        if output * stride < input + begin { output += 1 }
      }
    case .sameUpper, .sameLower:
      guard input > 0 else { throw Failure(.shapeMismatch, "a window needs an extent of at least 1") }
      output = (input + stride - 1) / stride
      let total = max((output - 1) * stride + span - input, 0)
      begin = padding == .sameUpper ? total / 2 : (total + 1) / 2
      end = total - begin
    }
    return .init(
      input: input, kernel: kernel[axis], stride: stride, dilation: dilations[axis], padBegin: begin, padEnd: end, output: output)
  }

  /// The output extents for `extents`, which may be symbolic.
  package func outputs(over extents: [Dim]) throws -> [Dim] {
    guard extents.count == kernel.count else {
      throw Failure(.shapeMismatch, "the window has \(kernel.count) dimensions, the input has \(extents.count)")
    }
    return try extents.indices.map { index in
      if let value = extents[index].value { return .fixed(try axis(index, over: value).output) }
      let stride = strides[index]
      switch padding {
      case .sameUpper, .sameLower: return stride == 1 ? extents[index] : .derived("ceil(\(extents[index])/\(stride))")
      case .explicit, .valid:
        let pads = padding == .explicit ? pads[index] + pads[index + kernel.count] : 0
        let offset = pads - span(index)
        if stride == 1, let dim = Dim.sum(extents[index], .fixed(offset + 1)) { return dim }
        // The window-start rule depends on the padding in front, so it is part of the formula's name.
        let rounding = ceilMode && padding == .explicit ? "ceil\(self.pads[index])" : "floor"
        return .derived("(\(rounding)((\(extents[index])+\(offset))/\(stride))+1)")
      }
    }
  }
}
