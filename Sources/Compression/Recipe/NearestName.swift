/// The known name that a mistyped one was probably meant to be.
enum NearestName {
  /// The closest of `names` by edit distance, where at most a third of the letters (and at least two) are off; ties by order.
  static func to(_ typed: String, among names: [String]) -> String? {
    let letters = Array(typed.lowercased().utf8.prefix(64))
    var best: (name: String, distance: Int)?
    for name in names {
      let distance = distance(letters, Array(name.lowercased().utf8))
      if distance < best?.distance ?? .max { best = (name, distance) }
    }
    guard let best, best.distance <= max(2, best.name.utf8.count / 3), best.distance < best.name.utf8.count else { return nil }
    return best.name
  }

  /// Levenshtein's distance.
  private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        let next = min(row[j + 1] + 1, row[j] + 1, diagonal + (x == y ? 0 : 1))
        diagonal = row[j + 1]
        row[j + 1] = next
      }
    }
    return row[b.count]
  }
}
