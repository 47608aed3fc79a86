import Tensors

extension Weight {
  /// Elements that are exactly zero, stored or not.
  package var zeroCount: Int {
    switch elements {
    case .plain(let tensor):
      guard tensor.dtype == .f32 else { return ((try? decoded()) ?? tensor).doubles().count { $0 == 0 } }
      let values = tensor.elements(as: Float.self)
      var nonzero = 0
      forEachStored { stored, _ in if values[stored] != 0 { nonzero += 1 } }
      return count - nonzero
    case .affine(let codes, let quantization):
      let scale = quantization.scaleIndex(in: shape)
      let signed = codes.dtype == .s8
      var nonzero = 0
      forEachStored { stored, dense in
        let byte = codes.bytes[stored]
        let code = signed ? Int32(Int8(bitPattern: byte)) : Int32(byte)
        if code != quantization.zeroPoints[scale[dense]] { nonzero += 1 }
      }
      return count - nonzero
    }
  }

  /// How the elements are stored, without the shape: `f32`, `s8`, `s8 bitmap`, `s4` (codes of 4 bits), `u4 by 64` (groups of 64 inputs).
  var form: String {
    var text = codeName
    switch arrangement {
    case .dense: break
    case .bitmap: text += " bitmap"
    case .gaps: text += " gaps"
    }
    return text
  }
}
