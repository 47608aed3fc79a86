import Tensors

/// Responses of a layer or of one of its groups, as a regression wants them: without bias, deviations from the means where a bias follows.
struct ResponseRows {
  /// What the layer makes, [channels, pitch].
  let made: Tensor
  /// What it shall make besides; nil: nothing. Deviations from `lack`, where a bias follows.
  let difference: Tensor?
  /// Rows that count.
  let count: Int
  private let images: Int
  /// The means of W·x, and of what it lacks; zeros where no bias follows.
  let offsets: [Double]
  let lack: [Double]
  /// E‖y‖².
  let power: Double

  /// - channels: those of the group.
  /// - bias: of all channels.
  init(_ responses: Responses, channels: Range<Int>, bias: [Float], centred: Bool) throws {
    count = responses.rows
    images = responses.images
    let pitch = responses.pitch, rows = responses.rows
    var (offsets, lack) = ([Double](repeating: 0, count: channels.count), [Double](repeating: 0, count: channels.count))
    var differs = false
    for (index, channel) in channels.enumerated() {
      let base = channel * pitch
      var (sum, second) = (0.0, 0.0)
      for row in base..<base + rows {
        sum += Double(responses.made[row])
        let difference = Double(responses.wanted[row]) - Double(responses.made[row])
        second += difference
        differs = differs || difference != 0
      }
      if centred { (offsets[index], lack[index]) = (sum / Double(rows) - Double(bias[channel]), second / Double(rows)) }
    }
    var power = 0.0
    made = try Tensor(.f32, [channels.count, pitch]) { bytes in
      let out = bytes.bindMemory(to: Float.self)
      out.update(repeating: 0)
      for (index, channel) in channels.enumerated() {
        let shift = Double(bias[channel]) + offsets[index]
        for row in 0..<rows {
          let value = Float(Double(responses.made[channel * pitch + row]) - shift)
          out[index * pitch + row] = value
          power += Double(value) * Double(value)
        }
      }
    }
    self.power = power / Double(rows)
    difference =
      !differs
      ? nil
      : try Tensor(.f32, [channels.count, pitch]) { bytes in
        let out = bytes.bindMemory(to: Float.self)
        out.update(repeating: 0)
        for (index, channel) in channels.enumerated() {
          let from = channel * pitch
          for row in 0..<rows {
            out[index * pitch + row] = Float(
              Double(responses.wanted[from + row]) - Double(responses.made[from + row]) - lack[index])
          }
        }
      }
    (self.offsets, self.lack) = (offsets, lack)
  }

  /// What damping is multiplied by: few images say little about many directions; positions of one image count for some, not for all that
  /// they are.
  func scarcity(_ size: Int) -> Double {
    let perImage = min(Double(count) / Double(max(images, 1)), 16)
    return max(0.1, Double(size) / (Double(max(images, 1)) * perImage))
  }
}
