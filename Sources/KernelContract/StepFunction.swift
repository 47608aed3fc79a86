/// What the runtime calls: one step of a plan, or the part of it numbered `begin ..< end` of its tasks.
///
/// - descriptor: the plain-old-data struct of the kernel's family, in the plan's memory.
/// - buffers: the step's tensors, in the order that the family documents.
/// - scratch: memory of this thread alone, of the size the plan asked for, 64-byte aligned, contents undefined.
///
/// Tasks are independent: any split over threads gives the same bits.
package typealias StepFunction =
  @convention(c) (
    _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
    _ scratch: UnsafeMutableRawPointer
  ) -> Void
