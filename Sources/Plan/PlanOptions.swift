/// What a plan is made for.
package struct PlanOptions: Sendable, Hashable {
  /// Threads that will run it: work is cut finely enough for them. The plan runs with any number, to the same bits.
  package var threads: Int

  package init(threads: Int = 1) { self.threads = max(1, threads) }
}
