/// The element types a tensor can hold. Raw values are part of the .nsk format and of the C ABI: never renumber.
package enum DType: UInt8, Sendable, CaseIterable {
  case f32 = 1
  case u8 = 2
  case s8 = 3
  case u16 = 4
  case s16 = 5
  case s32 = 6
  case s64 = 7
  case bool = 9
  case f16 = 10
  case f64 = 11
  case u32 = 12
  case u64 = 13

  /// Bytes of one element.
  package var byteCount: Int {
    switch self {
    case .u8, .s8, .bool: 1
    case .u16, .s16, .f16: 2
    case .f32, .s32, .u32: 4
    case .f64, .s64, .u64: 8
    }
  }

  package var isFloat: Bool { self == .f32 || self == .f16 || self == .f64 }

  /// The name used in the graph's text form, in JSON and in messages.
  package var name: String { "\(self)" }

  package init?(name: String) {
    guard let match = DType.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }
}
