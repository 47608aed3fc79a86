import Graph
import KernelContract
import Tensors

/// How a product with one row, or a few, leaves out the zeros of its weights.
struct SparseVectorWay {
  /// `sparseVectorF32`, `sparseBlocksF32` or `sparseLanesF32`.
  let family: KernelFamily
  let choice: Choice
  /// For rows in lanes.
  let lanes: SparseLanesPacking?
}

extension PlanBuilder {
  /// The fastest way to make a product of the stored weights alone; nil where it should not be.
  func sparseVectorWay(_ product: Product, _ w: ValueID) throws -> SparseVectorWay? {
    let count = product.depth * product.columns
    guard options.sparse != .off, count > 0, product.rows > 0, graph[w].constant != nil, has(.sparseVectorF32) else { return nil }
    let stored = try stored(w)
    guard options.sparse == .always || 4 * stored <= 3 * count else { return nil }
    // For the rows of one image: its result must not depend on the others.
    let (costs, gemm) = denseProduct(product, rows: product.imageRows)
    let dense = Choice.Loser(name: "gemm", nanoseconds: gemm, refusal: nil)
    let (rates, rows, weights) = (costTable.sparse, Double(product.imageRows), Double(stored))
    let name = sparseName(stored, of: count)
    // Picking goes on while weights are on their way; fetching single elements does not.
    let apart =
      picksFromRegisters
      ? Choice.Loser(
        name: "\(name), picked", nanoseconds: max(rows * weights * rates.picked, costs.once(rates.weights, 6.7 * weights)), refusal: nil)
      : Choice.Loser(
        name: "\(name), fetched", nanoseconds: rows * weights * rates.gathered + costs.once(rates.weights, 6 * weights), refusal: nil)
    // A slot is eight weights and four bytes. Where it would not pay though every slot were full, they are not counted.
    func laned(_ slots: Double) -> Double { rows * max(slots * rates.lanes, costs.once(rates.weights, 36 * slots)) }
    var lanes: (packing: SparseLanesPacking, loser: Choice.Loser)?
    if has(.sparseLanesF32), options.sparse == .always || laned(weights / 8) < min(apart.nanoseconds, dense.nanoseconds) {
      let packing = try withFloats(w, scale: product.scale) {
        SparseLanesPacking(rows: product.columns, depth: product.depth, $0, product.strides)
      }
      let percent = 100 * packing.stored / max(1, 8 * packing.slots)
      lanes = (
        packing,
        Choice.Loser(name: "\(name), in lanes \(percent) % full", nanoseconds: laned(Double(packing.slots)), refusal: nil)
      )
    }
    let chosen = lanes.flatMap { $0.loser.nanoseconds < apart.nanoseconds ? $0.loser : nil } ?? apart
    guard options.sparse == .always || chosen.nanoseconds < dense.nanoseconds else { return nil }
    let isLaned = chosen.name != apart.name
    // Sums in lanes are made in the order of the dense product, so a batch may go either way.
    if isLaned, options.sparse != .always, product.rows > product.imageRows,
      denseProduct(product, rows: product.rows).nanoseconds * rows < chosen.nanoseconds * Double(product.rows)
    {
      return nil
    }
    let losers = [dense, apart] + (lanes.map { [$0.loser] } ?? [])
    let choice = Choice(name: chosen.name, nanoseconds: chosen.nanoseconds, losers: losers.filter { $0.name != chosen.name })
    return SparseVectorWay(
      family: isLaned ? .sparseLanesF32 : picksFromRegisters ? .sparseBlocksF32 : .sparseVectorF32, choice: choice,
      lanes: isLaned ? lanes?.packing : nil)
  }

  /// What the dense product of so many rows is estimated to take.
  func denseProduct(_ product: Product, rows: Int) -> (costs: ConvCosts, nanoseconds: Double) {
    let costs = ConvCosts(
      conv: ConvShape(window: WindowGeometry(axes: [.unit]), batch: 1, groups: 1, groupIn: product.depth, groupOut: product.columns),
      geometry: .matrix(rows: rows, inputStride: product.depth, outputStride: product.columns), machine: machine, table: costTable,
      networkBytes: networkBytes)
    let grid = ProductBlocks(
      costs.geometry, product.packing, elementBytes: 4, copiesRows: false, tileRows: tileRows(.gemmF32), machine: machine, threads: 1)
    return (costs, costs.gemm(grid, copiesRows: false))
  }

  /// Whether the processor picks elements of a vector out of registers, many at once.
  private var picksFromRegisters: Bool { kernels.first { $0.family == .sparseBlocksF32 }.map { $0.tile.columns > 1 } ?? false }

  private func has(_ family: KernelFamily) -> Bool { kernels.contains { $0.family == family } }
}
