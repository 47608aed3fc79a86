import Testing

@Suite struct LineTests {
  @Test func filesStayShort() {
    let table = LineTable(Checkout.files)
    print(table.text)
    #expect(table.complaints.isEmpty, "\(table.complaints.joined(separator: "\n"))")
  }

  private func file(_ lines: Int, _ name: String = "A.swift") -> SourceFile {
    SourceFile(path: "Sources/Graph/\(name)", text: String(repeating: "x\n", count: lines))
  }

  @Test func linesAreCounted() {
    #expect(SourceFile(path: "a", text: "").lines.isEmpty)
    #expect(SourceFile(path: "a", text: "one\ntwo").lines.count == 2)
    #expect(SourceFile(path: "a", text: "one\ntwo\n").lines.count == 2)
  }

  @Test func percentilesAreThoseOfTheSortedCounts() throws {
    let total = try #require(LineTable((1...10).map { file($0) }).total)
    #expect(total.percentile(50) == 5)
    #expect(total.percentile(90) == 9)
    #expect(total.percentile(100) == 10)
  }

  @Test func aLongFileIsFound() {
    let files = [file(10), file(10), file(10), file(501, "Long.swift")] + (0..<10).map { _ in file(1) }
    #expect(LineTable(files).complaints == ["Sources/Graph/Long.swift has 501 lines, above 500: split it by what it does"])
    #expect(LineTable((0..<10).map { _ in file(1) } + [file(500)]).complaints.isEmpty)
  }

  @Test func aHighMedianIsFound() {
    #expect(LineTable([file(131), file(131), file(1)]).complaints == ["the median is 131 lines, above 130"])
    #expect(LineTable([file(130), file(130), file(1)]).complaints.isEmpty)
  }

  @Test func aHighNinetiethPercentileIsFound() {
    let complaints = LineTable((0..<8).map { _ in file(1) } + [file(351), file(351)]).complaints
    #expect(complaints == ["the 90th percentile is 351 lines, above 350"])
  }

  @Test func generatedFilesDoNotCount() {
    #expect(LineTable([file(1), file(9000, "onnx.pb.swift")]).complaints.isEmpty)
  }

  @Test func anEmptyTreeIsFound() { #expect(LineTable([]).complaints == ["no file was counted"]) }
}
