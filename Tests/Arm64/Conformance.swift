import KernelContract
import Kernels
import Testing

/// Steps that the tests ran, for each line of the registry.
nonisolated(unsafe) private var stepsRun: [Int] = kernelTable().map { _ in 0 }

/// Called for every step that a kernel test runs.
func noteRun(_ entry: KernelEntry) {
  let table = kernelTable()
  for index in table.indices where table[index].id.utf8Start == entry.id.utf8Start { stepsRun[index] += 1 }
}

/// Runs the kernel tests, then goes through the registry: a kernel that no test ran has failed.
/// - Returns: 0 where all is well.
@_cdecl("run_conformance")
public func runConformance() -> Int32 {
  runTests()
  for (entry, steps) in zip(kernelTable(), stepsRun) {
    if steps > 0 {
      print("\(entry.id): \(steps) steps")
    } else {
      print("\(entry.id): NO CASE; write a test of its family in Tests/KernelTests")
      outcome.failed += 1
    }
  }
  print("\(outcome.passed) passed, \(outcome.failed) failed")
  return outcome.failed == 0 ? 0 : 1
}

/// The test at hand, for who reports a crash.
@_cdecl("conformance_test_name")
public func conformanceTestName() -> UnsafePointer<UInt8> { outcome.name.utf8Start }

@_cdecl("conformance_test_number")
public func conformanceTestNumber() -> Int32 { Int32(truncatingIfNeeded: outcome.number) }
