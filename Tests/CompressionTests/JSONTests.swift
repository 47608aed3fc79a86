import Compression
import Tensors
import Testing

@Suite struct JSONTests {
  @Test func readsWhatItWrites() throws {
    let value: JSONValue = [
      "a": [1, -2.5, 1e300, true, false], "b": ["x": .null, "": "quote \" slash \\ \n \u{1} ü 𝄞"], "c": .object([]), "d": .array([]),
    ]
    #expect(try JSONValue(parsing: value.text()) == value)
    #expect(try JSONValue(parsing: value.text(indented: true)) == value)
    #expect(JSONValue.number(3).text() == "3" && JSONValue.number(0.1).text() == "0.1" && JSONValue.number(.nan).text() == "null")
  }

  @Test func readsEscapes() throws {
    #expect(try JSONValue(parsing: #" "\u0041\ud834\udd1e\/\b\f\n\r\t" "#) == "A\u{1D11E}/\u{8}\u{C}\n\r\t")
  }

  @Test(arguments: [
    "", " ", "{", "[", "[1", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "nul", "truex", "01", "1.", ".5", "+1", "-", "1e", "1e+",
    "NaN", "Infinity", "1e999", "-1e999", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"",
    "\"\t\"", "1 2", "[] []", "{\"a\":1,\"a\":2}",
    "0x10", "// c\n1", "'a'",
  ]) func refuses(text: String) {
    #expect(status { try JSONValue(parsing: text) } == .recipe, "\(text)")
  }

  @Test func boundsDepthSizeAndNumbers() {
    #expect(status { try JSONValue(parsing: String(repeating: "[", count: 100_000)) } == .recipe)
    #expect(status { try JSONValue(parsing: String(repeating: "{\"a\":", count: 100_000)) } == .recipe)
    #expect(status { try JSONValue(parsing: "[" + String(repeating: "1,", count: 1 << 20) + "1]") } == .recipe)
    #expect(status { try JSONValue(parsing: String(repeating: "9", count: 1000)) } == .recipe)
  }
}
