extension Plan: CustomStringConvertible {
  /// The plan as a table for people: one line a step.
  package var description: String {
    var rows = [["step", "node", "operators", "kernel", "result", "tasks", "MMAC", "KB", "why"]]
    for (index, step) in steps.enumerated() {
      rows.append([
        "\(index)", step.name, step.operators.joined(separator: "+"), step.kernel, "\(step.dtypeName) \(step.shape) \(step.layout)",
        "\(step.taskCount)", Plan.thousandths(step.macs, of: 1_000_000), Plan.thousandths(step.bytes, of: 1000), step.choice?.text ?? "",
      ])
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      row.enumerated().map { column, text in
        let padding = String(repeating: " ", count: widths[column] - text.count)
        return column == row.count - 1 ? text : column >= 5 ? padding + text : text + padding
      }.joined(separator: "  ")
    }
    let summary =
      "\(steps.count) steps, \(Plan.thousandths(macs, of: 1_000_000)) MMAC, constants \(constantBytes) bytes, arena \(arenaBytes) bytes, "
      + "scratch \(scratchBytes) bytes a thread"
    return (lines + [summary]).joined(separator: "\n")
  }

  /// The plan as JSON: `{"steps": [{"node", "operators", "kernel", "dtype", "shape", "layout", "tasks", "macs", "bytes", "why"}], …}`.
  package var json: String {
    let list = steps.map { step in
      """
      {"node": \(Plan.quoted(step.name)), "operators": [\(step.operators.map(Plan.quoted).joined(separator: ", "))], \
      "kernel": \(Plan.quoted(step.kernel)), "dtype": "\(step.dtypeName)", "shape": \(step.extents), "layout": "\(step.layout)", \
      "tasks": \(step.taskCount), "macs": \(step.macs), "bytes": \(step.bytes), "why": \(Plan.quoted(step.choice?.text ?? ""))}
      """
    }
    return """
      {"name": \(Plan.quoted(name)), "macs": \(macs), "constant_bytes": \(constantBytes), "arena_bytes": \(arenaBytes), \
      "scratch_bytes": \(scratchBytes), "steps": [\(list.joined(separator: ", "))]}
      """
  }

  /// `value / unit` with three figures behind the point.
  private static func thousandths(_ value: Int, of unit: Int) -> String {
    let scaled = value / (unit / 1000)
    let fraction = String(scaled % 1000)
    return "\(scaled / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

extension Step {
  /// `1x8x6x6`
  package var shape: String { extents.map(String.init).joined(separator: "x") }
}
