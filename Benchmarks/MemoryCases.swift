import KernelContract

/// Families that move or map data; what counts is bytes a second.
func memoryCases() -> [Case] {
  let count = 112 * 112 * 64
  let dense = Rows(width: count)
  var cases: [Case] = []
  for (name, epilogue) in [("relu", Epilogue.relu), ("hardSwish", .hardSwish), ("sigmoid", .sigmoid), ("tanh", .tanh)] {
    cases.append(
      Case(name, bytes: Double(8 * count), UnaryF32Descriptor(rows: dense, epilogue: epilogue), [.floats(count), .floats(count)]))
  }
  let shape = [112 * 112, 64]
  for (name, strides) in [("add same shape", [64, 1]), ("add per channel", [0, 1]), ("add scalar", [0, 0])] {
    guard let add = BinaryF32Descriptor(.add, extents: shape, outputStrides: [64, 1], leftStrides: [64, 1], rightStrides: strides) else {
      continue
    }
    cases.append(Case(name, bytes: Double(12 * count), add, [.floats(count), .floats(count), .floats(count)]))
  }
  let add = AddU8Descriptor(rows: dense, aZeroPoint: 3, bZeroPoint: 4, aScale: 0.7, bScale: 0.6, zeroPoint: 5)
  cases.append(Case("same shape", bytes: Double(3 * count), add, [.codes(count), .codes(count), .codes(count)]))
  let lookup = LookupU8Descriptor(rows: dense, table: Buffer.codes(256).pointer())
  cases.append(Case("table", bytes: Double(2 * count), lookup, [.codes(count), .codes(count)]))
  let quantize = QuantizeDescriptor(rows: dense, scale: 0.02, zeroPoint: 128)
  cases.append(Case("u8", bytes: Double(5 * count), quantize, [.codes(count), .floats(count)]))
  cases.append(
    Case("u8", bytes: Double(5 * count), DequantizeDescriptor(rows: dense, scale: 0.1, zeroPoint: 3), [.floats(count), .codes(count)]))
  for (name, rows, columns) in [
    ("nchw→nhwc 3", 3, 224 * 224), ("nchw→nhwc 64", 64, 112 * 112), ("nhwc→nchw 64", 112 * 112, 64), ("nchw→nhwc 512", 512, 28 * 28),
    ("nhwc→nchw 512", 28 * 28, 512), ("nchw→nhwc 512, 14²", 512, 14 * 14),
  ] {
    let transpose = TransposeDescriptor(elementBytes: 4, batch: 1, rows: rows, columns: columns)
    cases.append(Case(name, bytes: Double(8 * rows * columns), transpose, [.floats(rows * columns), .floats(rows * columns)]))
  }
  if let copy = CopyDescriptor(elementBytes: 4, extents: [112 * 112, 64], outputStrides: [128, 1], inputStrides: [64, 1]) {
    cases.append(Case("concat of 64 channels", bytes: Double(8 * count), copy, [.floats(2 * count), .floats(count)]))
  }
  let shuffle = ChannelShuffleDescriptor(elementBytes: 4, pixels: 28 * 28, groups: 2, groupSize: 58)
  cases.append(Case("2×58", bytes: Double(8 * 28 * 28 * 116), shuffle, [.floats(28 * 28 * 116), .floats(28 * 28 * 116)]))
  cases.append(Case("1000 classes", bytes: 8000, SoftmaxF32Descriptor(outer: 1, extent: 1000), [.floats(1000), .floats(1000)]))
  let lrn = LRNF32Descriptor(pixels: 27 * 27, channels: 256, outputStride: 256, inputStride: 256, size: 5, alpha: 1e-4, beta: 0.75, bias: 1)
  cases.append(Case("27×27×256", bytes: Double(8 * 27 * 27 * 256), lrn, [.floats(27 * 27 * 256), .floats(27 * 27 * 256)]))
  return cases + poolCases() + runtimeProductCases()
}

private func poolCases() -> [Case] {
  var window = Geometry(
    batch: 1, inputHeight: 112, inputWidth: 112, inputPixelStride: 64, outputHeight: 56, outputWidth: 56, outputPixelStride: 64)
  (window.kernelHeight, window.kernelWidth, window.strideY, window.strideX, window.padTop, window.padLeft) = (3, 3, 2, 2, 1, 1)
  var whole = Geometry(
    batch: 1, inputHeight: 7, inputWidth: 7, inputPixelStride: 1024, outputHeight: 1, outputWidth: 1, outputPixelStride: 1024)
  (whole.kernelHeight, whole.kernelWidth) = (7, 7)
  let (input, output) = (112 * 112 * 64, 56 * 56 * 64)
  let bytes = Double(input + output)
  return [
    Case("max 3×3/2", bytes: 4 * bytes, PoolF32Descriptor(geometry: window, channels: 64, kind: .max), [.floats(output), .floats(input)]),
    Case(
      "average 3×3/2", bytes: 4 * bytes, PoolF32Descriptor(geometry: window, channels: 64, kind: .average),
      [.floats(output), .floats(input)]),
    Case(
      "global average 7×7", bytes: 4 * 50 * 1024, PoolF32Descriptor(geometry: whole, channels: 1024, kind: .average),
      [.floats(1024), .floats(49 * 1024)]),
    Case("max 3×3/2", bytes: bytes, PoolU8Descriptor(geometry: window, channels: 64, kind: .max), [.codes(output), .codes(input)]),
    Case(
      "global average 7×7", bytes: 50 * 1024, PoolU8Descriptor(geometry: whole, channels: 1024, kind: .average),
      [.codes(1024), .codes(49 * 1024)]),
  ]
}

private func runtimeProductCases() -> [Case] {
  var cases: [Case] = []
  if let product = MatMulF32Descriptor(rows: 197, columns: 197, depth: 64, transposesRight: true) {
    cases.append(Case("197×64×197", macs: 197 * 197 * 64, bytes: 0, product, [.floats(197 * 197), .floats(197 * 64), .floats(197 * 64)]))
  }
  for (columns, percent) in [(1, 20), (1, 5), (784, 20), (784, 10), (784, 5)] {
    let (rows, depth) = (512, 512)
    let perRow = depth * percent / 100
    let indices = Buffer(bytes: 4 * rows * perRow)
    let starts = Buffer(bytes: 4 * (rows + 1))
    for row in 0...rows { starts.pointer(UInt32.self)[row] = UInt32(row * perRow) }
    for row in 0..<rows {
      for i in 0..<perRow { indices.pointer(UInt32.self)[row * perRow + i] = UInt32(i * 100 / percent + row % (100 / percent)) }
    }
    let product = SpmmF32Descriptor(
      rows: rows, columns: columns, depth: depth, values: Buffer.floats(rows * perRow).pointer(), columnIndices: indices.pointer(),
      rowStarts: starts.pointer())
    // Counted as the dense product that it replaces.
    cases.append(
      Case(
        "512×512×\(columns) at \(percent) %", macs: Double(rows * depth * columns), bytes: Double(8 * rows * perRow), product,
        [.floats(rows * columns), .floats(depth * columns)]))
  }
  return cases
}
