/// The numbers of the graph section that stand for forms; docs/formats.md explains each. Never renumber.
enum NSKCodes {
  /// What is said of a value's type (bits 0 and 1 of its flags).
  enum TypeForm: UInt8 {
    case unknown = 0
    case elementOnly = 1
    case full = 2
    /// The type of its constant.
    case constants = 3
  }

  static let constantFlag: UInt8 = 4

  /// Low four bits of a weight's form.
  enum ElementForm: UInt8 {
    case plain = 0
    case affine = 1
    case affineAlongAxis = 2
    /// Codes of 2 to 8 bits, packed, with scales for the whole, along an axis, or for groups along a second one. Since 1.1.
    case affinePacked = 3
  }

  /// High four bits of a weight's form.
  enum ArrangementForm: UInt8 {
    case dense = 0
    case bitmap = 1
    case gaps = 2
  }

  enum ZeroPointForm: UInt8 {
    case oneForAll = 0
    case oneEach = 1
  }

  /// Where a part's bytes are. Other numbers are for later versions (entropy-coded parts).
  enum PartEncoding: UInt64 {
    /// In the data section, at the next multiple of 64.
    case raw = 0
    /// Here, behind the length.
    case inline = 1
  }

  /// Parts shorter than this are written inline: the padding to 64 bytes would cost more than the copy saves.
  static let inlineLimit = 128

  enum AttributeForm: UInt8 {
    case int = 1
    case float = 2
    case string = 3
    case ints = 4
    case floats = 5
    case tensor = 6
  }
}
