/// Lines per file, in all and by folder: the number that tells a house people like to work in.
struct LineTable {
  struct Row {
    let folder: String
    let counts: [Int]  // ascending, never empty
    let longest: String

    /// The smallest count that at least `percent` of the files do not exceed.
    func percentile(_ percent: Int) -> Int { counts[max(0, (counts.count * percent + 99) / 100 - 1)] }
  }

  let rows: [Row]
  let total: Row?

  init(_ files: [SourceFile]) {
    let counted = files.filter { !$0.isGenerated }
    func row(_ folder: String, _ files: [SourceFile]) -> Row? {
      guard let longest = files.max(by: { $0.lines.count < $1.lines.count }) else { return nil }
      return Row(folder: folder, counts: files.map(\.lines.count).sorted(), longest: longest.path)
    }
    let groups = Dictionary(grouping: counted) { file in
      let parts = file.path.split(separator: "/")
      return parts.count == 1 ? "." : parts.dropLast().prefix(2).joined(separator: "/")
    }
    rows = groups.keys.sorted().compactMap { row($0, groups[$0] ?? []) }
    total = row("all", counted)
  }

  static let medianLimit = 130
  static let ninetiethLimit = 350
  static let longestLimit = 500

  var complaints: [String] {
    guard let total else { return ["no file was counted"] }
    var result: [String] = []
    if total.percentile(50) > LineTable.medianLimit {
      result.append("the median is \(total.percentile(50)) lines, above \(LineTable.medianLimit)")
    }
    if total.percentile(90) > LineTable.ninetiethLimit {
      result.append("the 90th percentile is \(total.percentile(90)) lines, above \(LineTable.ninetiethLimit)")
    }
    for row in rows where row.percentile(100) > LineTable.longestLimit {
      result.append("\(row.longest) has \(row.percentile(100)) lines, above \(LineTable.longestLimit): split it by what it does")
    }
    return result
  }

  var text: String {
    func line(_ cells: [String]) -> String {
      zip(cells, [-28, 6, 7, 7, 6, 6]).map { cell, width in
        let padding = String(repeating: " ", count: max(0, abs(width) - cell.count))
        return width < 0 ? cell + padding : padding + cell
      }.joined(separator: " ") + (cells.count > 6 ? "  \(cells[6])" : "")
    }
    let body = (rows + [total].compactMap { $0 }).map { row in
      line([
        row.folder, "\(row.counts.count)", "\(row.counts.reduce(0, +))", "\(row.percentile(50))", "\(row.percentile(90))",
        "\(row.percentile(100))", row.longest,
      ])
    }
    return ([line(["folder", "files", "lines", "median", "p90", "max", "longest"])] + body).joined(separator: "\n")
  }
}
