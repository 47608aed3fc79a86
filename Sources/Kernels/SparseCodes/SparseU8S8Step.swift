import KernelContract

/// `sparse_u8s8_1x64`: see `SparseU8S8Descriptor`. Consecutive tasks of one tile share its panel.
///
/// For each block of channels the panel is filled, and rows are walked one by one, 64 positions at a time; sums wait in scratch between blocks. Codes
/// of a band are written side by side, position by position, and turned into pixels at the end.
func stepSparseU8S8(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: SparseU8S8Descriptor.self)
  let geometry = descriptor.assumingMemoryBound(to: Geometry.self)
  let form = d.pointee.form
  let weights = d.pointee.weights
  let starts = (weights + form.startsOffset).assumingMemoryBound(to: UInt32.self)
  let rows = (weights + form.rowsOffset).assumingMemoryBound(to: SparseCodesRow.self)
  let (bandRows, pass, sharedBands) = (64, 64, 16)
  let bands = blocks(form.groupOutChannels, of: bandRows)
  let bandBlocks = blocks(bands, of: d.pointee.bandBlock)
  let tiles = blocks(form.positions, of: form.tilePositions)

  let codes = scratch.assumingMemoryBound(to: UInt8.self)
  let pixels = (scratch + bandRows * pass).assumingMemoryBound(to: UnsafeMutablePointer<UInt8>?.self)
  let panel = scratch + (bandRows * pass + 8 * pass)
  let sums = (panel + form.panelBytes).assumingMemoryBound(to: Int32.self)
  let table = UnsafeMutableRawPointer(sums) + form.sumBytes
  let outside = (table + form.tableBytes).assumingMemoryBound(to: UInt8.self)
  for channel in 0..<form.groupInChannels { outside[channel] = d.pointee.inputZeroPoint }
  let source = SparseCodesSource(
    geometry: geometry, planes: weights.assumingMemoryBound(to: SparseCodesPlane.self), count: form.planes, planeBytes: form.planeBytes,
    pitch: form.pitch, outside: outside, pixels: table.assumingMemoryBound(to: UnsafePointer<UInt8>.self))
  var requantization = d.pointee.requantization
  let writesCodes: Bool
  if case .u8 = requantization.output { writesCodes = true } else { writesCodes = false }
  var tile = SparseCodesTile(
    records: weights, rows: rows, rowCount: 0, panel: UnsafePointer(codes), bias: nil, scales: d.pointee.scales, sums: sums, codes: nil,
    low: requantization.low, high: requantization.high, zeroPoint: requantization.zeroPoint)

  var task = begin
  while task < end {
    let place = task / bandBlocks
    let group = place % form.groups
    let image = place / form.groups / tiles
    let first = place / form.groups % tiles * form.tilePositions
    let firstBand = (task - place * bandBlocks) * d.pointee.bandBlock
    let endBand = min(bands, (min(end, (place + 1) * bandBlocks) - place * bandBlocks) * d.pointee.bandBlock)
    task = min(end, (place + 1) * bandBlocks)
    let count = min(form.tilePositions, form.positions - first)
    let imageInput =
      UnsafePointer(buffers[1].assumingMemoryBound(to: UInt8.self))
      + (image * geometry.pointee.inputHeight * geometry.pointee.inputWidth * geometry.pointee.inputPixelStride
        + group * form.groupInChannels)
    source.find(imageInput, first: first)
    let outputPixel = image * geometry.pointee.outputHeight * geometry.pointee.outputWidth

    var sharedBegin = firstBand
    while sharedBegin < endBand {
      let sharedEnd = min(endBand, sharedBegin + sharedBands)
      for block in 0..<form.channelBlocks {
        let channel = block * form.channelBlock
        if form.channelBlocks > 1 || sharedBegin == firstBand {
          source.fill(channel, min(form.channelBlock, form.groupInChannels - channel), panel.assumingMemoryBound(to: UInt8.self))
        }
        let isComplete = block + 1 == form.channelBlocks
        var position = 0
        while position < count {
          let width = min(pass, count - position)
          if isComplete && writesCodes {
            findPixels(
              geometry, first + position, pitch: form.pitch, count: width,
              buffers[0].assumingMemoryBound(to: UInt8.self) + outputPixel * geometry.pointee.outputPixelStride, pixels)
          }
          tile.panel = UnsafePointer(panel.assumingMemoryBound(to: UInt8.self)) + position
          for band in sharedBegin..<sharedEnd {
            let section = (group * form.channelBlocks + block) * bands + band
            let row = group * form.groupOutChannels + band * bandRows
            let height = min(bandRows, form.groupOutChannels - band * bandRows)
            tile.records = weights + (form.recordsOffset + 12 * Int(starts[section]))
            tile.rows = rows + section * bandRows
            tile.rowCount = height
            tile.bias = block == 0 ? d.pointee.bias + row : nil
            tile.scales = d.pointee.scales + row
            tile.sums = form.channelBlocks > 1 ? sums + (band - sharedBegin) * bandRows * pass : sums
            tile.codes = isComplete && writesCodes ? codes : nil
            multiplySparseCodes(width, &tile)
            guard isComplete else { continue }
            if writesCodes {
              writePixels(codes, rows: height, count: width, pixels, offset: row)
            } else {
              finishSums(
                geometry, tile.sums, rows: height, first + position, pitch: form.pitch, count: width, scales: tile.scales, &requantization,
                buffers[0], outputPixel, channel: row, line: UnsafeMutableRawPointer(codes).assumingMemoryBound(to: Int32.self))
            }
          }
          position += pass
        }
      }
      sharedBegin = sharedEnd
    }
  }
}

/// Where the pixels of `pass` positions are; null for those that belong to none.
private func findPixels(
  _ geometry: UnsafePointer<Geometry>, _ first: Int, pitch: Int, count: Int, _ output: UnsafeMutablePointer<UInt8>,
  _ pixels: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>
) {
  let (width, stride) = (geometry.pointee.outputWidth, geometry.pointee.outputPixelStride)
  var y = first / pitch
  var x = first - y * pitch
  for position in 0..<64 {
    pixels[position] = position < count && x < width ? output + (y * width + x) * stride : nil
    x += 1
    if x == pitch { (x, y) = (0, y + 1) }
  }
}

/// Turns the codes of a band, [row][64 positions], into `rows` channels of pixels.
private func writePixels(
  _ codes: UnsafePointer<UInt8>, rows: Int, count: Int, _ pixels: UnsafePointer<UnsafeMutablePointer<UInt8>?>, offset: Int
) {
  guard rows >= 16 else {
    for position in 0..<count {
      guard let pixel = pixels[position] else { continue }
      for row in 0..<rows { pixel[offset + row] = codes[64 * row + position] }
    }
    return
  }
  var position = 0
  while position < count {
    var row = 0
    while row < rows {
      // The last sixteen overlap those before.
      let first = min(row, rows - 16)
      scatterPlanes(codes + (64 * first + position), 64, pixels + position, offset + first)
      row += 16
    }
    position += 32
  }
}

/// Writes complete sums of a band that leave as something else than codes.
private func finishSums(
  _ geometry: UnsafePointer<Geometry>, _ sums: UnsafePointer<Int32>, rows: Int, _ first: Int, pitch: Int, count: Int,
  scales: UnsafePointer<Float>, _ requantization: UnsafePointer<Requantization>, _ output: UnsafeMutableRawPointer, _ outputPixel: Int,
  channel: Int, line: UnsafeMutablePointer<Int32>
) {
  let (width, stride) = (geometry.pointee.outputWidth, geometry.pointee.outputPixelStride)
  // Whole vectors of scales are read.
  let factors = UnsafeMutableRawPointer(line + 64).assumingMemoryBound(to: Float.self)
  for row in 0..<64 { factors[row] = row < rows ? scales[row] : 0 }
  for position in 0..<count {
    let y = (first + position) / pitch
    let x = first + position - y * pitch
    if x >= width { continue }
    let place = sparseSumPlace(position)
    for row in 0..<64 { line[row] = row < rows ? sums[64 * row + place] : 0 }
    requantize(
      line, sumsStride: 64, rows: 1, columns: rows, scales: factors, requantization, output: output,
      outputOffset: (outputPixel + y * width + x) * stride + channel, outputStride: stride)
  }
}
