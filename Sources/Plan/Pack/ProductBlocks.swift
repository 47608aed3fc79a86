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
    /// Rows of an output line, where a task copies the input lines that its rows share (`GemmLines`).
    var lineRows: Int? = nil

    /// Whether the weights are the larger operand, so that it is they that threads should divide among themselves.
    var weightsAreLarger: Bool {
      Double(depth) * Double(columns) * Double(elementBytes) > Double(rows) * Double(rowBytes) && !copiesRows
    }
  }

  /// Tasks for each thread: the last to finish is then at most a twelfth of its share behind.
  private static let tasksPerThread = 12
  /// Multiply-accumulates that a task should have at least: about three microseconds, far more than it takes to claim it.
  private static let leastWork = 150_000.0

  init(_ shape: Shape, machine: Machine, threads: Int) {
    let allPanels = max(1, blocks(shape.columns, of: GemmPacking.panel))
    let tiles = max(1, blocks(shape.rows, of: shape.tileRows))
    // Copied rows are read back at once: they should still be in the first level then. Copied lines are shared by several rows, and by
    // more the more lines are copied together.
    let budget = shape.copiesRows ? 2 * machine.level1Bytes : machine.level2Bytes / 2
    let limit = shape.copiesRows ? (shape.lineRows == nil ? 192 : 480) / shape.tileRows : Int.max
    let tilesInCache = min(limit, max(4, budget / max(1, shape.rowBytes * shape.tileRows)))
    var rowBlocks = blocks(tiles, of: tilesInCache)
    var panelBlocks = 1
    if threads > 1 {
      let work = Double(shape.rows) * Double(shape.columns) * Double(shape.depth) * Double(shape.groups)
      let tasks = max(threads, Int(min(Double(Self.tasksPerThread * threads), work / Self.leastWork)))
      let wanted = blocks(tasks, of: max(1, shape.groups))
      if shape.weightsAreLarger { panelBlocks = min(allPanels, blocks(wanted, of: rowBlocks)) }
      // Blocks of fewer than four tiles would bring each panel into the first level for too little.
      if rowBlocks * panelBlocks < wanted { rowBlocks = max(rowBlocks, min(blocks(tiles, of: 4), blocks(wanted, of: panelBlocks))) }
      if rowBlocks * panelBlocks < wanted { panelBlocks = min(allPanels, blocks(wanted, of: rowBlocks)) }
    }
    let block = max(1, min(shape.rows, blocks(tiles, of: rowBlocks) * shape.tileRows))
    // Whole lines, so that few are copied twice.
    if let line = shape.lineRows, line > 0, block > line { rows = block / line * line } else { rows = block }
    panels = blocks(allPanels, of: panelBlocks)
  }

  /// The grid of a convolution.
  /// - Parameter copiesLines: with `copiesRows`: the kernel copies lines, not windows.
  init(
    _ geometry: Geometry, _ packing: GemmPacking, elementBytes: Int, copiesRows: Bool, copiesLines: Bool = false, tileRows: Int,
    machine: Machine, threads: Int
  ) {
    // Neighbouring windows share their pixels, so that a row adds one stride's worth of them.
    let fresh = min(geometry.taps, geometry.strideX * geometry.strideY) * packing.groupInChannels
    self.init(
      Shape(
        rows: geometry.outputPixels, columns: packing.groupOutChannels, depth: packing.depth, groups: packing.groups,
        elementBytes: elementBytes, rowBytes: (copiesRows && !copiesLines ? packing.depth : fresh) * elementBytes, copiesRows: copiesRows,
        tileRows: tileRows, lineRows: copiesLines ? geometry.outputWidth : nil),
      machine: machine, threads: threads)
  }
}
