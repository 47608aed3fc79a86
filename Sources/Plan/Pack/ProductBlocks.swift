import KernelContract

/// The task grid of a product: how many rows and how many panels of 16 columns one task has.
///
/// A task walks its panels one after the other over its rows, so its rows should stay in the second-level cache; and there
/// must be tasks enough that no thread waits long for another.
struct ProductBlocks {
  var rows: Int
  var panels: Int

  init(rows: Int, columns: Int, depth: Int, groups: Int, elementBytes: Int, machine: Machine, threads: Int) {
    let defaults = GemmBlocks(rows: rows, columns: columns, depth: depth, elementBytes: elementBytes)
    self.rows = defaults.rows
    self.panels = defaults.panels
  }
}
