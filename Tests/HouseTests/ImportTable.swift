/// The module that a line imports, nil for any other line.
func importedModule(_ line: Substring) -> String? {
  let form =
    #/^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias|actor)\s+)?(\w+)/#
  return line.firstMatch(of: form).map { String($0.1) }
}

/// Which module may import which, read from the table "Rooms" of docs/architecture.md.
struct ImportTable {
  let rows: [String: Set<String>]

  /// Parses the rows `| module | what it is | may import |`; "nothing" and "all above" mean what they say.
  init(markdown: String) {
    var rows: [String: Set<String>] = [:]
    var isInside = false
    for line in markdown.split(separator: "\n", omittingEmptySubsequences: false) {
      let cells = line.split(separator: "|").map { $0.trimming(" ") }
      if cells.count == 3, cells[0] == "module" { isInside = true }
      if !line.hasPrefix("|") { isInside = false }
      guard isInside, cells.count == 3, cells[0] != "module", !cells[0].hasPrefix("--") else { continue }
      let listed = Set(cells[2].split(separator: ",").map { $0.trimming(" ") })
      let above = listed.contains("all above") ? Set(rows.keys) : []
      rows[cells[0]] = listed.union(above).subtracting(["nothing", "all above"])
    }
    self.rows = rows
  }

  /// What comes with the toolchain and stays small, and where else a package from outside may be used.
  static let platform: Set<String> = ["Glibc", "Musl", "Synchronization"]
  static let outside: [String: Set<String>] = [
    "Formats": ["SwiftProtobuf", "FoundationEssentials"], "Compression": ["FoundationEssentials"], "Netsuke": ["FoundationEssentials"],
  ]

  func complaints(about file: SourceFile) -> [String] {
    guard file.isSwiftOfTheLibrary else { return [] }
    guard let allowed = rows[file.room] else { return ["\(file.path): the table has no row for \(file.room)"] }
    return file.lines.enumerated().compactMap { index, line in
      guard let module = importedModule(line), !allowed.contains(module), !ImportTable.platform.contains(module),
        ImportTable.outside[file.room]?.contains(module) != true
      else { return nil }
      return "\(file.path):\(index + 1): \(file.room) may not import \(module)"
    }
  }
}

extension StringProtocol {
  func trimming(_ character: Character) -> String {
    var rest = Substring(self)
    while rest.first == character { rest.removeFirst() }
    while rest.last == character { rest.removeLast() }
    return String(rest)
  }
}
