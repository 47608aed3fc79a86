import KernelContract

/// Four neighbouring output pixels of a 3 × 3 depthwise convolution, whose windows share columns of the input.
///
/// The first and the last of those columns may lie outside the image and have pointers of their own, to a pixel of padding where they do;
/// the
/// columns between lie inside.
struct Window3x3<Element> {
  /// For each line: column 0 … 5 (stride 1) or 0 … 8 (stride 2).
  struct Line {
    var first: UnsafePointer<Element>
    /// Column 1, the others follow at `step`.
    var inner: UnsafePointer<Element>
    var last: UnsafePointer<Element>
    /// Elements between columns, 0 where the whole line is padding.
    var step: Int

    /// - Parameter left: the image's column that is the window's column 0.
    @inline(__always)
    init(_ line: UnsafePointer<Element>, left: Int, columns: Int, width: Int, step: Int, padding: UnsafePointer<Element>) {
      inner = line + (left + 1) * step
      first = left >= 0 ? inner - step : padding
      last = left + columns <= width ? inner + (columns - 2) * step : padding
      self.step = step
    }

    /// A line outside the image.
    @inline(__always)
    init(padding: UnsafePointer<Element>) {
      first = padding
      inner = padding
      last = padding
      step = 0
    }
  }
}

/// Whether four pixels from the one whose window begins at image column `left` can go together: at most the first and the last column lie
/// outside.
@inline(__always)
func fitsWindow3x3(left: Int, stride: Int, width: Int) -> Bool { left >= -1 && left + 3 * stride + 2 <= width }

/// Whether a convolution can go four pixels at a time: 3 × 3, stride 1 or 2, no dilation, at least four pixels a line.
@inline(__always)
func suitsWindow3x3(_ g: Geometry) -> Bool {
  g.kernelHeight == 3 && g.kernelWidth == 3 && g.strideX <= 2 && g.strideX >= 1 && g.dilationX == 1 && g.outputWidth >= 4
}
