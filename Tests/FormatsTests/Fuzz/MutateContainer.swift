import Formats

/// Damage to .nsk files: to the whole file, or to one section with lengths and checksums made right again, so that it reaches the
/// parsers behind them.
enum MutateContainer {
  static func mutant(of file: [UInt8], others: [[UInt8]], _ random: inout SplitMix) -> [UInt8] {
    var surgery = NSKSurgery(bytes: file)
    switch random.below(8) {
    case 0, 1:
      MutateBytes.damage(&surgery.bytes, others: others, &random)
      return surgery.bytes
    case 2:
      // The header and the table, where half of the damage is signed.
      var head = Array(surgery.bytes[..<(64 + 48 * surgery.sections.count)])
      let length = head.count
      MutateBytes.damage(&head, others: [], &random)
      let kept = head.prefix(length) + Array(repeating: 0, count: max(length - head.count, 0))
      surgery.bytes.replaceSubrange(..<length, with: kept)
      if random.oneIn(2), surgery.word(12, 4) < 100, surgery.bytes.count >= 64 + 48 * surgery.word(12, 4) { surgery.sign() }
      return surgery.bytes
    default:
      var contents = surgery.sections.map { (kind: $0.kind, bytes: Array(surgery.bytes[$0.range])) }
      let index = contents.firstIndex { $0.kind == "GRPH" } ?? 0
      let chosen = random.oneIn(5) ? random.below(contents.count) : index
      MutateBytes.damage(&contents[chosen].bytes, others: others, &random)
      return NSKSurgery.assemble(contents)
    }
  }
}
