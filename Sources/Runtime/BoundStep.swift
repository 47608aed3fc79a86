import KernelContract

/// A step with its addresses filled in, ready to be called.
struct BoundStep {
  let function: StepFunction
  let descriptor: UnsafeRawPointer
  let buffers: UnsafePointer<UnsafeMutableRawPointer>
  let taskCount: Int
  /// False where starting the helpers would cost more than they save.
  let parallel: Bool
}
