import Compression
import Testing

#if canImport(Glibc)
  import Glibc
#endif

@Suite struct DocumentationTests {
  /// docs/recipes.md of this checkout, by headings.
  private func sections() throws -> [String: String] {
    // #filePath is <checkout>/Tests/CompressionTests/DocumentationTests.swift
    let checkout = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    let file = try #require(fopen(checkout + "/docs/recipes.md", "re"))
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { break }
      bytes += buffer[..<count]
    }
    var sections: [String: String] = [:]
    var heading = ""
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      if line.hasPrefix("## ") { heading = String(line.dropFirst(3)) }
      sections[heading, default: ""] += line + "\n"
    }
    return sections
  }

  @Test func everyKeyOfEveryMethodIsThere() throws {
    let sections = try sections()
    for method in MethodRegistry.all {
      let section = try #require(sections[method.name], "no section \(method.name)")
      let rows = section.split(separator: "\n").filter { $0.hasPrefix("| `") }
      let keys = rows.compactMap { $0.split(separator: "`").dropFirst().first.map(String.init) }
      #expect(keys == method.options.map(\.key))
      for (row, option) in zip(rows, method.options) {
        if let fallback = option.fallback { #expect(row.contains("| `\(fallback.text())` |"), "\(option.key)") }
      }
    }
  }

  @Test func everyShippedRecipeAndRoleIsThere() throws {
    let text = try sections().values.joined()
    for recipe in Recipe.shipped { #expect(text.contains("| `\(recipe.name)` |")) }
    for role in LayerRole.allCases { #expect(text.contains("| `\(role.rawValue)` |")) }
  }
}
