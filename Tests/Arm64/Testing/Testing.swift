/// The little of Swift Testing that the kernel tests use, for a machine that has no more than a C library. `scripts/plain-tests.py` turns
/// `#expect` and `#require` into calls of these functions, and `@Test` into calls of `test`.

/// Where a test stands; `expect` says the line itself.
public struct SourceLocation {
  public init() {}
}

/// What a failed expectation has to say: literals, and the values that can be written without reflection.
public struct Comment: ExpressibleByStringInterpolation {
  public struct StringInterpolation: StringInterpolationProtocol {
    var text = ""

    public init(literalCapacity: Int, interpolationCount: Int) {}
    public mutating func appendLiteral(_ literal: String) { text += literal }
    public mutating func appendInterpolation<T: CustomStringConvertible>(_ value: T) { text += value.description }
    public mutating func appendInterpolation<T>(_ value: T) { text += "…" }
  }

  let text: String

  public init(stringLiteral: String) { text = stringLiteral }
  public init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }
}

/// Thrown by `require`.
public enum Stop: Error { case missing }

public enum Issue {
  public static func record(_ comment: Comment, file: StaticString = #fileID, line: Int = #line) {
    expect(false, comment, file: file, line: line)
  }
}

/// What has been found so far. One thread runs all tests.
public struct Outcome {
  public var passed = 0
  public var failed = 0
  /// Failed expectations of the case at hand, and what was said of the cases of its test.
  var complaints = 0
  var said = 0
  public var name: StaticString = ""
  public var number = 0
}

nonisolated(unsafe) public var outcome = Outcome()

public func expect(
  _ condition: Bool, _ comment: @autoclosure () -> Comment = "", sourceLocation: SourceLocation = SourceLocation(),
  file: StaticString = #fileID, line: Int = #line
) {
  if condition { return }
  outcome.complaints += 1
  // Three cases of a test say it all.
  if outcome.complaints > 1 || outcome.said == 3 { return }
  outcome.said += 1
  print("\(outcome.name) #\(outcome.number): \(file):\(line): \(comment().text)")
}

public func require<T>(_ value: T?, file: StaticString = #fileID, line: Int = #line) throws(Stop) -> T {
  guard let value else {
    expect(false, "nothing where something is required", file: file, line: line)
    throw .missing
  }
  return value
}

/// Runs one test, or one case of it.
public func test(_ name: StaticString, _ number: Int = 0, _ body: () throws(Stop) -> Void) {
  if number == 0 { outcome.said = 0 }
  outcome.name = name
  outcome.number = number
  outcome.complaints = 0
  do { try body() } catch {}
  if outcome.complaints == 0 { outcome.passed += 1 } else { outcome.failed += 1 }
}

/// Runs a test on every element, as its attribute says.
public func test<A: Sequence>(_ name: StaticString, over cases: A, _ body: (A.Element) throws(Stop) -> Void) {
  for (number, element) in cases.enumerated() { test(name, number) { () throws(Stop) in try body(element) } }
}

/// Runs a test on every pair.
public func test<A: Sequence, B: Collection>(
  _ name: StaticString, over first: A, _ second: B, _ body: (A.Element, B.Element) throws(Stop) -> Void
) {
  var number = 0
  for a in first {
    for b in second {
      test(name, number) { () throws(Stop) in try body(a, b) }
      number += 1
    }
  }
}
