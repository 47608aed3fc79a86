import KernelContract
import Kernels
import Testing

@Suite struct RegistryTests {
  @Test func everyFamilyHasAKernel() {
    for family in KernelFamily.allCases { #expect(kernelTable().contains { $0.family == family }, "\(family)") }
  }

  @Test func idsAreUnique() {
    let ids = kernelTable().map { "\($0.id)" }
    #expect(Set(ids).count == ids.count)
  }

  /// A step with nothing to do must be a call that does nothing.
  @Test func anEmptyRangeTouchesNothing() {
    let descriptor = UnaryF32Descriptor(rows: Rows(width: 0), epilogue: .relu)
    #expect(descriptor.taskCount == 0)
    for entry in kernels(.unaryF32) {
      let got: [Float] = output(entry, descriptor, fill: 5, count: 3, inputs: [UnsafeMutableRawPointer(GuardedBuffer<Float>([]).pointer)])
      #expect(got == [5, 5, 5])
    }
  }
}
