import FoundationEssentials

/// A hand-written file of the checkout, with its path from the checkout's root.
struct SourceFile {
  let path: String
  let lines: [Substring]

  init(path: String, text: String) {
    self.path = path
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last == "" { lines.removeLast() }
    self.lines = lines
  }

  var name: String { path.split(separator: "/").last.map(String.init) ?? path }

  /// The module or folder two levels down: `Graph` for `Sources/Graph/Dim.swift`.
  var room: String {
    let parts = path.split(separator: "/")
    return parts.count > 2 ? String(parts[1]) : ""
  }

  var isSwiftOfTheLibrary: Bool { path.hasPrefix("Sources/") && path.hasSuffix(".swift") && !isGenerated }
  var isGenerated: Bool { path.hasSuffix(".pb.swift") }
}

/// The files of this checkout that people wrote, whatever their language.
enum Checkout {
  /// The folder that holds Package.swift: #filePath is <checkout>/Tests/HouseTests/SourceFile.swift.
  static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")

  static let files: [SourceFile] = {
    let kinds = ["swift", "c", "h", "hpp", "cpp", "py", "pyi", "sh", "cmake"]
    let wholeNames = ["Makefile", "CMakeLists.txt", "run"]
    var found: [SourceFile] = []
    func walk(_ folder: String) {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)"))?.sorted() ?? [] {
        let path = folder.isEmpty ? name : "\(folder)/\(name)"
        var isFolder = false
        // A symbolic link to a folder is the same source compiled again with other flags: counted once.
        let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(root)/\(path)")) != nil
        guard FileManager.default.fileExists(atPath: "\(root)/\(path)", isDirectory: &isFolder), !isLink else { continue }
        if isFolder {
          let skipped =
            ["build", "dist", "__pycache__"].contains(name) || (name.hasPrefix(".") && name != ".ci") || name.hasSuffix(".egg-info")
          if !skipped { walk(path) }
        } else if wholeNames.contains(name) || kinds.contains(where: { name.hasSuffix(".\($0)") }) {
          if let text = try? String(contentsOfFile: "\(root)/\(path)", encoding: .utf8) { found.append(SourceFile(path: path, text: text)) }
        }
      }
    }
    walk("")
    return found
  }()

  static func text(_ path: String) throws -> String { try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8) }
}
