/// What a fallible operation of the library throws: a status, a message that says what to do, and where it happened.
package struct Failure: Error, Sendable, CustomStringConvertible {
  /// Raw values are those of `nsk_status` in netsuke.h: never renumber.
  package enum Status: Int32, Sendable, CaseIterable {
    case invalidArgument = 1
    case shapeMismatch = 2
    case notFound = 3
    case inputOutput = 4
    case malformedFile = 5
    case unsupported = 6
    case unsupportedMachine = 7
    case outOfMemory = 8
    case cancelled = 9
    case notFinite = 10
    case recipe = 11
    case callback = 12
    case `internal` = 99
  }

  package var status: Status
  package var message: String
  /// The graph node at fault, where there is one.
  package var node: String?
  /// The byte offset in the file at fault, where there is one.
  package var byteOffset: Int?

  package init(_ status: Status, _ message: String, node: String? = nil, byteOffset: Int? = nil) {
    self.status = status
    self.message = message
    self.node = node
    self.byteOffset = byteOffset
  }

  package var description: String {
    var text = message
    if let node { text += " (node '\(node)')" }
    if let byteOffset { text += " (at byte \(byteOffset))" }
    return text
  }
}
