import KernelContract

/// The task grid of a product: how many rows and how many panels of 16 columns one task has.
///
/// A task finds (or copies) its rows once and walks its panels one after the other over them. So its rows should fill no more than
/// half of the second-level cache, and as few blocks of rows as possible should stream the weights. With threads there must be
/// tasks enough that none waits long for another: more blocks of rows where the rows are the larger operand, of panels where
/// the weights are.
struct ProductBlocks {
  let rows: Int
  let panels: Int

  /// What the grid depends on.
  struct Shape {
    var rows: Int
    var columns: Int
    /// Terms of a sum.
    var depth: Int
    var groups = 1
    /// Bytes of one element of the rows and of the weights.
    var elementBytes: Int
    /// Bytes that a row adds to the working set.
    var rowBytes: Int
    /// Whether a task copies its rows.
    var copiesRows: Bool
    /// Rows of the kernel's tile.
    var tileRows: Int
  }

  /// Tasks for each thread: the last to finish is then at most a third of its share behind.
  private static let tasksPerThread = 3

  init(_ shape: Shape, machine: Machine, threads: Int) {
    let allPanels = max(1, blocks(shape.columns, of: GemmPacking.panel))
    let tiles = max(1, blocks(shape.rows, of: shape.tileRows))
    // Copied rows are read back at once: they should still be in the first level then.
    let budget = shape.copiesRows ? 2 * machine.level1Bytes : machine.level2Bytes / 2
    let limit = shape.copiesRows ? 32 : Int.max
    let tilesInCache = min(limit, max(4, budget / max(1, shape.rowBytes * shape.tileRows)))
    var rowBlocks = blocks(tiles, of: tilesInCache)
    var panelBlocks = 1
    if threads > 1 {
      let wanted = blocks(Self.tasksPerThread * threads, of: max(1, shape.groups))
      let weightsAreLarger = shape.depth * shape.columns * shape.elementBytes > shape.rows * shape.rowBytes
      if weightsAreLarger && !shape.copiesRows { panelBlocks = min(allPanels, blocks(wanted, of: rowBlocks)) }
      // Fewer than two tiles a block would spend more on finding the rows than on the product.
      if rowBlocks * panelBlocks < wanted { rowBlocks = max(rowBlocks, min(blocks(tiles, of: 2), blocks(wanted, of: panelBlocks))) }
      if rowBlocks * panelBlocks < wanted { panelBlocks = min(allPanels, blocks(wanted, of: rowBlocks)) }
    }
    rows = max(1, min(shape.rows, blocks(tiles, of: rowBlocks) * shape.tileRows))
    panels = blocks(allPanels, of: panelBlocks)
  }

  /// The grid of a convolution.
  init(_ geometry: Geometry, _ packing: GemmPacking, elementBytes: Int, copiesRows: Bool, tileRows: Int, machine: Machine, threads: Int) {
    // Neighbouring windows share their pixels, so that a row adds one stride's worth of them.
    let fresh = min(geometry.taps, geometry.strideX * geometry.strideY) * packing.groupInChannels
    self.init(
      Shape(
        rows: geometry.outputPixels, columns: packing.groupOutChannels, depth: packing.depth, groups: packing.groups,
        elementBytes: elementBytes, rowBytes: (copiesRows ? packing.depth : fresh) * elementBytes, copiesRows: copiesRows,
        tileRows: tileRows),
      machine: machine, threads: threads)
  }
}
