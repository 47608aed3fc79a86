import Testing

@Suite struct ImportTests {
  let table: ImportTable

  init() throws { table = ImportTable(markdown: try Checkout.text("docs/architecture.md")) }

  @Test func everyModuleHasARow() {
    let modules = Set(Checkout.files.filter(\.isSwiftOfTheLibrary).map(\.room))
    #expect(modules == Set(table.rows.keys))
  }

  @Test func theSourcesKeepTheTable() {
    let complaints = Checkout.files.flatMap(table.complaints)
    #expect(complaints.isEmpty, "\(complaints.joined(separator: "\n"))")
  }

  @Test func theTableHasNoCycle() {
    // Repeatedly drop the modules that import nothing that is left; a cycle would stay.
    var rest = table.rows.mapValues { $0.intersection(table.rows.keys) }
    while let free = rest.first(where: { $0.value.isEmpty })?.key {
      rest[free] = nil
      for key in rest.keys { rest[key]?.remove(free) }
    }
    #expect(rest.isEmpty, "these import each other: \(rest.keys.sorted())")
  }

  /// SwiftPM does not stop an undeclared import of a sibling, so the manifest must not promise more than the table.
  @Test func theManifestKeepsTheTable() throws {
    let declaration = #/module\(\s*"(\w+)",\s*\[([^\]]*)\]/#
    var seen = 0
    for match in try Checkout.text("Package.swift").matches(of: declaration) {
      let module = String(match.1)
      let dependencies = match.2.matches(of: #/"(\w+)"/#).map { String($0.1) }.filter { $0 != "SwiftProtobuf" && table.rows[$0] != nil }
      let extra = Set(dependencies).subtracting(table.rows[module] ?? [])
      #expect(extra.isEmpty, "Package.swift lets \(module) see \(extra.sorted())")
      seen += 1
    }
    #expect(seen >= 8)
  }

  @Test(arguments: [
    ("Sources/Tensors/Bad.swift", "import Graph"), ("Sources/Runtime/Bad.swift", "package import Graph"),
    ("Sources/Kernels/Bad.swift", "@preconcurrency import Tensors"), ("Sources/Plan/Bad.swift", "  import struct Runtime.Executor"),
    ("Sources/Graph/Bad.swift", "import SwiftProtobuf"), ("Sources/Kernels/Bad.swift", "import FoundationEssentials"),
    ("Sources/Passes/Bad.swift", "import Dispatch"), ("Sources/Nowhere/Bad.swift", ""),
  ])
  func aBadImportIsFound(path: String, text: String) {
    #expect(table.complaints(about: SourceFile(path: path, text: text)).count == 1)
  }

  @Test(arguments: [
    ("Sources/Graph/Good.swift", "import Tensors"), ("Sources/Formats/Good.swift", "internal import SwiftProtobuf"),
    ("Sources/Netsuke/Good.swift", "import Runtime"), ("Sources/Tensors/Good.swift", "  import Glibc"),
    ("Sources/Tensors/Good.swift", "// import Graph"), ("Tests/Any/Good.swift", "import Everything"),
  ])
  func aGoodImportIsKept(path: String, text: String) {
    #expect(table.complaints(about: SourceFile(path: path, text: text)).isEmpty)
  }
}
