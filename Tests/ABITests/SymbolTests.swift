import Testing

/// The functions of the headers, of the checked-in list and of the built library are the same.
@Suite struct SymbolTests {
  @Test func theHeaderAgreesWithTheList() {
    let listed = Checkout.text("include/netsuke.abi").split(separator: "\n").map(String.init)
    #expect(listed.count > 50)
    #expect(listed == listed.sorted())
    #expect(Checkout.declared == listed)
  }

  @Test func everyDeclarationIsOneThatTheRuleFinds() {
    // A declaration that did not begin with NSK_API would escape the comparison.
    let header = Checkout.headers.replacing(#/\/\*[\s\S]*?\*\//#, with: "")
    let all = header.matches(of: #/\b(nsk_[a-z0-9_]+)\(/#).map { String($0.1) }
    #expect(Set(all) == Set(Checkout.declared))
  }

  @Test(.enabled(if: Checkout.hasLibrary, "make build makes the library"))
  func theLibraryExportsTheHeaderAndNothingElse() {
    let (output, status) = Checkout.run("nm -D --defined-only --extern-only '\(Checkout.library)'")
    #expect(status == 0)
    let exported = output.split(separator: "\n").compactMap { line -> String? in
      let fields = line.split(separator: " ")
      // The version node itself is an absolute symbol.
      guard fields.count == 3, fields[1] != "A", fields[1] == fields[1].uppercased() else { return nil }
      return String(fields[2].prefix { $0 != "@" })
    }
    #expect(exported.sorted() == Checkout.declared)
  }

  @Test(.enabled(if: Checkout.hasLibrary, "make build makes the library"))
  func theLibraryStandsAlone() {
    let (output, _) = Checkout.run("readelf -d '\(Checkout.library)'")
    let needed = output.matches(of: #/Shared library: \[([^\]]+)\]/#).map { String($0.1) }
    let allowed: Set = ["libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"]
    #expect(!needed.isEmpty)
    #expect(Set(needed).subtracting(allowed).isEmpty, "\(needed)")
    #expect(output.contains("Library soname: [libnetsuke.so.1]"))
    #expect(!output.contains("RUNPATH") && !output.contains("RPATH"))
  }

  @Test(.enabled(if: Checkout.hasLibrary, "make build makes the library"))
  func theLibraryIsSmall() {
    let (output, _) = Checkout.run("stat -L -c %s '\(Checkout.library)'")
    let size = Int(output.prefix { $0.isNumber }) ?? 0
    #expect(size > 1_000_000)
    #expect(size <= 16_000_000)
  }
}
