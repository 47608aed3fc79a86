/// How windows of an NHWC input make the pixels of an NHWC output; shared by convolution, depthwise convolution and pooling.
///
/// The input is `[batch][inputHeight][inputWidth]` pixels, `inputPixelStride` elements apart, the output likewise. Output pixel (y, x)
/// sees the input pixels (y·strideY − padTop + ky·dilationY, x·strideX − padLeft + kx·dilationX). A matrix is an image of height 1.
package struct Geometry: BitwiseCopyable, Sendable {
  package var batch: Int
  package var inputHeight: Int
  package var inputWidth: Int
  package var inputPixelStride: Int
  package var outputHeight: Int
  package var outputWidth: Int
  package var outputPixelStride: Int
  package var kernelHeight = 1
  package var kernelWidth = 1
  package var strideY = 1
  package var strideX = 1
  package var dilationY = 1
  package var dilationX = 1
  package var padTop = 0
  package var padLeft = 0
  /// Read only by average pooling that counts its padding.
  package var padBottom = 0
  /// Read only by average pooling that counts its padding.
  package var padRight = 0

  /// A geometry without a window; set the rest field by field.
  package init(
    batch: Int, inputHeight: Int, inputWidth: Int, inputPixelStride: Int, outputHeight: Int, outputWidth: Int, outputPixelStride: Int
  ) {
    self.batch = batch
    self.inputHeight = inputHeight
    self.inputWidth = inputWidth
    self.inputPixelStride = inputPixelStride
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
    self.outputPixelStride = outputPixelStride
  }

  /// Rows of a matrix: one pixel a row.
  package static func matrix(rows: Int, inputStride: Int, outputStride: Int) -> Geometry {
    Geometry(
      batch: 1, inputHeight: 1, inputWidth: rows, inputPixelStride: inputStride, outputHeight: 1, outputWidth: rows,
      outputPixelStride: outputStride)
  }

  /// Output pixels of all images.
  package var outputPixels: Int { batch &* outputHeight &* outputWidth }

  package var taps: Int { kernelHeight &* kernelWidth }

  /// Whether output pixel i sees input pixel i and nothing else.
  package var isPointwise: Bool {
    kernelHeight == 1 && kernelWidth == 1 && strideY == 1 && strideX == 1 && padTop == 0 && padLeft == 0 && inputHeight == outputHeight
      && inputWidth == outputWidth
  }
}

/// Six extents or strides, outermost first; unused places come first, with extent 1 and stride 0.
package struct Six: BitwiseCopyable, Sendable {
  package var values: (Int, Int, Int, Int, Int, Int)

  /// Right-aligns at most six values behind `fill`.
  package init(_ list: [Int], fill: Int) {
    func at(_ position: Int) -> Int {
      let index = position - 6 + list.count
      return list.indices.contains(index) ? list[index] : fill
    }
    values = (at(0), at(1), at(2), at(3), at(4), at(5))
  }

  /// The three innermost values behind `fill`.
  package init(_ d: Int, _ e: Int, _ f: Int, fill: Int) { values = (fill, fill, fill, d, e, f) }

  package subscript(index: Int) -> Int {
    switch index {
    case 0: values.0
    case 1: values.1
    case 2: values.2
    case 3: values.3
    case 4: values.4
    default: values.5
    }
  }

  package var product: Int { values.0 &* values.1 &* values.2 &* values.3 &* values.4 &* values.5 }
}

/// Joins neighbouring dimensions that every operand walks as one and drops extents of 1.
/// - Parameter strides: for each operand, one stride per extent.
/// - Returns: nil where more than six dimensions remain.
package func coalesce(_ extents: [Int], _ strides: [[Int]]) -> (extents: Six, strides: [Six])? {
  var kept: [Int] = []
  var keptStrides = [[Int]](repeating: [], count: strides.count)
  for (axis, extent) in extents.enumerated() where extent != 1 {
    let joins = !kept.isEmpty && strides.indices.allSatisfy { keptStrides[$0][kept.count - 1] == strides[$0][axis] &* extent }
    if joins { kept[kept.count - 1] &*= extent } else { kept.append(extent) }
    for operand in strides.indices {
      if joins {
        keptStrides[operand][kept.count - 1] = strides[operand][axis]
      } else {
        keptStrides[operand].append(strides[operand][axis])
      }
    }
  }
  guard kept.count <= 6 else { return nil }
  return (Six(kept, fill: 1), keptStrides.map { Six($0, fill: 0) })
}
