import Testing

@Suite struct RuleTests {
  @Test(arguments: Rule.all)
  func theTreeKeeps(_ rule: Rule) {
    let complaints = Checkout.files.flatMap(rule.check)
    #expect(complaints.isEmpty, "\(complaints.joined(separator: "\n"))")
  }

  @Test func theTreeIsSeen() {
    let paths = Set(Checkout.files.map(\.path))
    #expect(paths.isSuperset(of: ["Package.swift", "Makefile", "Sources/Tensors/Tensor.swift", "include/netsuke.h", ".ci/run"]))
    #expect(!paths.contains { $0.hasPrefix(".build") || $0.hasPrefix("build/") || $0.contains(".venv") })
  }

  /// Each sample breaks the rule in one line; the second one of each pair looks like it and keeps it.
  @Test(arguments: [
    ("no Foundation", "import Foundation", "import FoundationEssentials"),
    ("no Foundation", "@preconcurrency import Foundation", "// import Foundation"),
    ("no try!, as! or fatalError", "let x = try! f()", "let x = try f()  // not try!"),
    ("no try!, as! or fatalError", "let y = x as! Int", "let y = \"x as! Int\""),
    ("no try!, as! or fatalError", "  fatalError(\"no\")", "/// Never calls fatalError()."),
    ("@_cdecl goes with @implementation", "@_cdecl(\"nsk_f\") public func nsk_f() {}", "@_cdecl(\"nsk_f\") @implementation"),
    ("one processor's own in files named for it", "  let x = _mm256_setzero_ps()", "/// As _mm256_setzero_ps does."),
    ("one processor's own in files named for it", "#if arch(x86_64)", "#if hasFeature(Embedded)"),
    ("no notes to oneself", "// TODO: later", "let todos = 0"),
    ("no notes to oneself", "let a = 1  // FIXME", "// fixed"),
  ])
  func aBadLineIsFound(rule name: String, bad: String, good: String) throws {
    let rule = try #require(Rule.all.first { $0.name == name })
    #expect(
      rule.check(SourceFile(path: "Sources/Kernels/Sample.swift", text: "\n\(bad)\n")).first?.hasPrefix("Sources/Kernels/Sample.swift:2:")
        == true)
    #expect(rule.check(SourceFile(path: "Sources/Kernels/Sample.swift", text: "\n\(good)\n")).isEmpty)
  }

  @Test(arguments: [
    "StringUtils.swift", "utils.py", "Helpers.swift", "common.h", "GraphManager.swift", "Graph2.swift", "GraphNew.swift", "old.c",
  ])
  func aVagueNameIsFound(_ name: String) {
    #expect(!Rule.tellingNames.check(SourceFile(path: "Sources/Graph/\(name)", text: "")).isEmpty)
  }

  @Test(arguments: ["Graph+Text.swift", "SharedData.swift", "Threshold.swift", "netsuke.h", "Conv2D.swift", "GemmF32.swift", "fold.py"])
  func aTellingNameIsKept(_ name: String) {
    #expect(Rule.tellingNames.check(SourceFile(path: "Sources/Graph/\(name)", text: "")).isEmpty)
  }
}
