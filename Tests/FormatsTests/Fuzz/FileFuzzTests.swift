import Formats
import Graph
import Passes
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Damaged files of both formats: each must load or fail with a `Failure`, in bounded time and memory.
///
/// A short run is part of the suite. scripts/fuzz.sh runs many under AddressSanitizer, and again without it to hold the
/// memory to its bound; NETSUKE_FUZZ_COUNT, NETSUKE_FUZZ_SEED and NETSUKE_FUZZ_MEMORY are how it says so.
@Suite(.serialized) struct FileFuzzTests {
  private static func setting(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }

  static let count = setting("NETSUKE_FUZZ_COUNT") ?? 300
  static let seed = UInt64(setting("NETSUKE_FUZZ_SEED") ?? 1)
  static let isLongRun = setting("NETSUKE_FUZZ_COUNT") != nil
  static let holdsMemory = setting("NETSUKE_FUZZ_MEMORY") != nil

  /// The demo's network: a real export.
  private static func exported() throws -> [UInt8] {
    let checkout = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
    let storage = try FileAccess.load(checkout + "/examples/fashion-mnist/fashion.onnx")
    return withExtendedLifetime(storage) { Array(storage.bytes) }
  }

  @Test func damagedContainers() throws {
    let demo = try ModelFile.encode(ModelFile.read(NSKSamples.storage(FileFuzzTests.exported())), as: .nsk)
    // All but the one whose data lies in another file.
    let read = ONNXFixture.all.compactMap { try? NSKSamples.read(try ONNXFixture.bytes($0.name + ".onnx")) }
    #expect(read.count > 100)
    let own = try [NSKSamples.tiny(), NSKSamples.everyForm(), NSKSamples.everyForm()]
    let seeds = try (own + read).map { try ModelFile.encode($0, as: .nsk) }
    for seed in seeds + [demo] { _ = try NSKSamples.read(seed) }
    try run("nsk") { random in
      let chosen = random.below(random.oneIn(2) ? 3 : seeds.count)
      return MutateContainer.mutant(of: random.oneIn(40) ? demo : seeds[chosen], others: seeds, &random)
    }
  }

  @Test func damagedONNX() throws {
    let demo = try FileFuzzTests.exported()
    let written = ONNXSeeds.all + [try ModelFile.encode(NSKSamples.tiny(), as: .onnx), demo]
    for seed in written { #expect(ProtobufTree(seed[...])?.encoded == seed) }
    let seeds = try ONNXFixture.all.map { try ONNXFixture.bytes($0.name + ".onnx") } + written.dropLast()
    let trees = (seeds + [demo]).map { ProtobufTree($0[...]) ?? ProtobufTree() }
    try run("onnx") { random in
      let chosen = random.oneIn(40) ? seeds.count : random.below(seeds.count)
      if random.oneIn(3) {
        var bytes = chosen < seeds.count ? seeds[chosen] : demo
        MutateBytes.damage(&bytes, others: seeds, &random)
        return bytes
      }
      var tree = trees[chosen]
      for _ in 0...random.below(3) { tree.damage(&random) }
      return tree.encoded
    }
  }

  private func run(_ format: String, _ mutant: (inout SplitMix) -> [UInt8]) throws {
    var (loaded, slowest, largest) = (0, 0.0, 0)
    for number in 0..<FileFuzzTests.count {
      var random = SplitMix(seed: FileFuzzTests.seed &* 1_000_003 &+ UInt64(number))
      let bytes = mutant(&random)
      announce("\(format) \(number)")
      let started = ContinuousClock.now
      let storage = try NSKSamples.storage(bytes)
      let before = FileFuzzTests.holdsMemory ? ProcessMemory.restart() : 0
      do {
        var graph = try ModelFile.read(storage)
        loaded += 1
        if FileFuzzTests.holdsMemory { largest = max(largest, try growth(since: before, bytes.count, format, number)) }
        _ = try ModelFile.encode(graph, as: .nsk)
        try Pipeline.simplify(&graph)
        try Verifier.verify(graph)
        _ = try ModelFile.encode(graph, as: .nsk)
      } catch let failure as Failure {
        if FileFuzzTests.holdsMemory { largest = max(largest, try growth(since: before, bytes.count, format, number)) }
        #expect(failure.status != .internal, "\(format) \(number): \(failure)")
      }
      slowest = max(slowest, Double((ContinuousClock.now - started).components.attoseconds) * 1e-18)
    }
    #expect(slowest < 20, "\(format): a file took \(slowest) s")
    if FileFuzzTests.isLongRun {
      let memory = FileFuzzTests.holdsMemory ? ", at most \(largest >> 10) KiB beyond four times the file" : ""
      print("fuzz: \(FileFuzzTests.count) \(format) files, \(loaded) still load, the slowest took \(slowest) s\(memory)")
    }
  }

  /// Resident bytes that reading added beyond four times the file; the bound allows 8 MiB more, the allocator's own pages 4.
  private func growth(since before: Int, _ byteCount: Int, _ format: String, _ number: Int) throws -> Int {
    let beyond = ProcessMemory.highest - before - 4 * byteCount
    #expect(beyond <= 12 << 20, "\(format) \(number): \(byteCount) bytes took \(beyond >> 10) KiB more than allowed")
    return beyond
  }

  /// In a long run: says which file is next, so that a crash can be repeated, and ends the process if it hangs.
  private func announce(_ name: String) {
    guard FileFuzzTests.isLongRun, let path = getenv("NETSUKE_FUZZ_LAST"), let file = fopen(path, "w") else { return }
    fputs("seed \(FileFuzzTests.seed), \(name)\n", file)
    fclose(file)
    alarm(60)
  }
}
