/// Names that are taken, and new ones that are not.
struct NameSet {
  private var taken: Set<String>
  /// For each stem the next number to try, so that many names of one stem cost no more than one each.
  private var next: [String: Int] = [:]

  init(_ names: some Sequence<String>) { taken = Set(names) }

  mutating func insert(_ name: String) { taken.insert(name) }
  mutating func formUnion(_ names: some Sequence<String>) { taken.formUnion(names) }

  /// `stem` itself, or the stem with a number; taken from now on.
  mutating func fresh(_ stem: String) -> String {
    if !stem.isEmpty, taken.insert(stem).inserted { return stem }
    var number = next[stem, default: 1]
    while !taken.insert("\(stem)_\(number)").inserted { number += 1 }
    next[stem] = number + 1
    return "\(stem)_\(number)"
  }
}
