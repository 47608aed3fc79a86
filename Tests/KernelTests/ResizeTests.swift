import KernelContract
import Testing

@Suite struct ResizeTests {
  /// Three blends of two products and a sum, each of which rounds twice, and complements that round once: 9 units in the last place of the
  /// largest pixel.
  @Test(arguments: [1, 3, 8, 21], [0, 5])
  func blends(channels: Int, gap: Int) {
    var numbers = Numbers(channels + gap)
    let (batch, height, width, toHeight, toWidth, stride) = (2, 3, 4, 5, 7, channels + gap)
    let values = numbers.floats((batch * height * width - 1) * stride + channels, -4...4)
    let input = GuardedBuffer(values)
    func taps(_ from: Int, _ to: Int) -> [ResizeTap] {
      (0..<to).map { position in
        let x = Float(position * from) / Float(to)
        let first = Int32(x)
        return ResizeTap(first: first, second: min(first + 1, Int32(from) - 1), weight: x - Float(first))
      }
    }
    let (lines, columns) = (taps(height, toHeight), taps(width, toWidth))
    lines.withUnsafeBufferPointer { lines in
      columns.withUnsafeBufferPointer { columns in
        guard let down = lines.baseAddress, let across = columns.baseAddress else { return }
        for isNearest in [false, true] {
          let descriptor = ResizeF32Descriptor(
            batch: batch, inputHeight: height, inputWidth: width, outputHeight: toHeight, outputWidth: toWidth, channels: channels,
            inputStride: stride, outputStride: channels, lines: down, columns: across, isNearest: isNearest)
          for entry in kernels(.resizeF32) {
            let count = batch * toHeight * toWidth * channels
            let got: [Float] = output(entry, descriptor, fill: 77, count: count, inputs: [UnsafeMutableRawPointer(input.pointer)])
            for index in 0..<count {
              let (channel, place) = (index % channels, index / channels)
              let (x, y, image) = (place % toWidth, place / toWidth % toHeight, place / toWidth / toHeight)
              func pixel(_ line: Int32, _ column: Int32) -> Double {
                Double(values[((image * height + Int(line)) * width + Int(column)) * stride + channel])
              }
              let (v, w) = (lines[y], columns[x])
              func along(_ line: Int32) -> Double {
                (1 - Double(w.weight)) * pixel(line, w.first) + Double(w.weight) * pixel(line, w.second)
              }
              let exact = isNearest ? pixel(v.first, w.first) : (1 - Double(v.weight)) * along(v.first) + Double(v.weight) * along(v.second)
              #expect(abs(Double(got[index]) - exact) <= (isNearest ? 0 : 9 * 4 * 0x1p-24), "\(entry.id)")
            }
          }
        }
      }
    }
  }
}
