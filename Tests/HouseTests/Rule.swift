/// One rule of the house: what it forbids in a file, as `path:line: what is wrong` texts.
struct Rule: Sendable, CustomStringConvertible {
  let name: String
  let check: @Sendable (SourceFile) -> [String]

  var description: String { name }

  /// A rule about single lines; `complaint` answers nil where the line is in order.
  static func line(
    _ name: String, in applies: @escaping @Sendable (SourceFile) -> Bool, _ complaint: @escaping @Sendable (Substring) -> String?
  ) -> Rule {
    Rule(name: name) { file in
      guard applies(file) else { return [] }
      return file.lines.enumerated().compactMap { index, line in
        complaint(line).map { "\(file.path):\(index + 1): \($0)" }
      }
    }
  }
}

extension Rule {
  static let noFoundation = Rule.line("no Foundation", in: { $0.isSwiftOfTheLibrary }) { line in
    importedModule(line) == "Foundation" ? "import FoundationEssentials, or nothing: Foundation adds 50 MB to the library" : nil
  }

  static let noTraps = Rule.line("no try!, as! or fatalError", in: { $0.isSwiftOfTheLibrary }) { line in
    let text = code(line)
    for trap in ["try!", "as!", "fatalError("] where text.contains(trap) {
      return "\(trap) ends the host process; throw a Failure"
    }
    return nil
  }

  /// A plain `@_cdecl` accepts a signature that differs from the header's; `@implementation` makes the compiler compare them.
  static let checkedExports = Rule.line("@_cdecl goes with @implementation", in: { $0.isSwiftOfTheLibrary }) { line in
    let text = code(line)
    return text.contains("@_cdecl") && !text.contains("@implementation") ? "write @implementation on the same line" : nil
  }

  static let tellingNames = Rule(name: "file names say something") { file in
    let stem = file.name.split(separator: ".").first.map(String.init) ?? file.name
    let words = ["Utils", "Util", "Helpers", "Helper", "Common", "Manager", "Misc"]
    let isVague = words.contains { stem.lowercased() == $0.lowercased() || stem.hasSuffix($0) }
    let isSecond = stem.contains(#/([a-z]2|New|Old|^new|^old)$/#)
    return isVague || isSecond || file.name.contains(" ") ? ["\(file.path): the name does not say what is in it"] : []
  }

  static let nothingLeftOpen = Rule.line("no notes to oneself", in: { !$0.path.hasPrefix("Tests/HouseTests/") && !$0.isGenerated }) {
    line in
    line.contains(#/\b(TODO|FIXME|XXX|HACK)\b/#) ? "finish it, or file it as an issue" : nil
  }

  /// What one processor has and others have not stands in `…X86.swift`, with what the others do in `…Portable.swift`.
  static let namedProcessors = Rule.line(
    "one processor's own in files named for it",
    in: { file in
      (file.path.hasPrefix("Sources/Kernels/") || file.path.hasPrefix("Sources/KernelContract/")) && file.isSwiftOfTheLibrary
        && !file.name.hasSuffix("X86.swift") && !file.name.hasSuffix("Portable.swift")
    }
  ) { line in
    let text = code(line)
    let own = ["_mm", "__m128", "__m256", "__m512", "nsk_", "CIntrinsics", "arch("]
    return own.contains { text.contains($0) } ? "put it into a file …X86.swift, and what other processors do into …Portable.swift" : nil
  }

  static let all: [Rule] = [noFoundation, noTraps, checkedExports, tellingNames, namedProcessors, nothingLeftOpen]
}
