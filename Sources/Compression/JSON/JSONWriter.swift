extension JSONValue {
  /// The document as JSON text, the same for equal values: members in their order, numbers in the shortest form that reads
  /// back equal, two spaces of indentation or none at all.
  package func text(indented: Bool = false) -> String {
    var out = ""
    write(to: &out, indentation: indented ? 0 : nil)
    return out
  }

  private func write(to out: inout String, indentation: Int?) {
    switch self {
    case .null: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .number(let value): out += JSONValue.text(of: value)
    case .string(let value): JSONValue.quote(value, to: &out)
    case .array(let elements):
      JSONValue.list(elements, "[", "]", to: &out, indentation) { $0.write(to: &$1, indentation: $2) }
    case .object(let members):
      JSONValue.list(members, "{", "}", to: &out, indentation) { member, out, inner in
        JSONValue.quote(member.name, to: &out)
        out += indentation == nil ? ":" : ": "
        member.value.write(to: &out, indentation: inner)
      }
    }
  }

  private static func list<Item>(
    _ items: [Item], _ open: String, _ close: String, to out: inout String, _ indentation: Int?,
    _ write: (Item, inout String, Int?) -> Void
  ) {
    out += open
    for (index, item) in items.enumerated() {
      if index > 0 { out += "," }
      if let indentation { out += "\n" + String(repeating: " ", count: indentation + 2) }
      write(item, &out, indentation.map { $0 + 2 })
    }
    if let indentation, !items.isEmpty { out += "\n" + String(repeating: " ", count: indentation) }
    out += close
  }

  private static func text(of value: Double) -> String {
    // JSON has no word for what is not finite.
    guard value.isFinite else { return "null" }
    if let int = Int(exactly: value), int.magnitude < 1 << 53 { return "\(int)" }
    return "\(value)"
  }

  private static func quote(_ text: String, to out: inout String) {
    out += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}
