/// What the kernels for weights with zeros, and those for planar tensors, were measured to take, in nanoseconds.
package struct SparseRates: Sendable {
  /// A stored weight times a vector of eight pixels, and what it takes beside, once a tile.
  package var vector = 0.15
  package var weight = 0.22
  /// The same where blocks of two and of four rows are stored together: a value times a vector, a block's record, and a row of sums, once
  /// a pass over a tile.
  package var rowsVector = [0.144, 0.107]
  package var rowsRecord = [0.0, 0.356]
  package var rowsRow = [2.1, 1.9]
  /// A vector of eight floats of a panel, of neighbours and of every other pixel, and a row of sums of a tile and block.
  package var panel = 0.72
  package var strided = 2.5
  package var row = 4.0
  /// Above that, a byte of packed weights that comes from the last-level cache, or from memory.
  package var weights = CostTable.Stream(level3: 0.01, memory: 0.0324)
  /// To transform one channel of eight tiles of 2 and 4, in and out.
  package var tilesIn = [25.0, 70.0]
  package var tilesOut = [25.0, 70.0]
  /// A stored weight of a product with one vector, weights in the cache.
  package var gathered = 0.225
  /// The same where elements of the vector are picked out of registers.
  package var picked = 0.09
  /// Eight weights of a product with one vector, rows in lanes, some of them 0.
  package var lanes = 0.55
  /// A code of a product with one vector that is decoded in a register, by kernels of 256 bits and with VNNI.
  package var lowBit = [0.017, 0.012]
  /// A multiply-add of a depthwise convolution with channels innermost, on planes, and a float that is copied to a strip there.
  package var depthwise = 0.03
  package var planarTap = 0.017
  package var planarFloat = 0.12
  /// What a channel takes beside where lines are copied.
  package var planarChannel = 70.0
  /// A tap of eight pixels of a depthwise convolution whose planes are read where they lie, of neighbours and of every other one.
  package var planeTap = 0.31
  package var planeStridedTap = 0.54
  /// A tap of a depthwise convolution made in the panel of a sparse product, for eight pixels, of neighbours and of every other one, and
  /// what each column of eight pixels of a tile takes beside.
  package var fusedTap = 0.42
  package var fusedStridedTap = 0.78
  package var fusedColumn = 4.0
  /// A float of a tensor whose layout is changed.
  package var converted = 0.25

  package init() {}

  /// On a processor whose instructions take `factor` times as long, and whose memory `farther` times.
  func scaled(_ factor: Double, farther: Double) -> SparseRates {
    var rates = self
    rates.vector *= factor
    rates.weight *= factor
    rates.rowsVector = rates.rowsVector.map { $0 * factor }
    rates.rowsRecord = rates.rowsRecord.map { $0 * factor }
    rates.rowsRow = rates.rowsRow.map { $0 * factor }
    rates.panel *= factor
    rates.strided *= factor
    rates.row *= factor
    rates.tilesIn = rates.tilesIn.map { $0 * factor }
    rates.tilesOut = rates.tilesOut.map { $0 * factor }
    rates.gathered *= factor
    rates.picked *= factor
    rates.lanes *= factor
    rates.lowBit = rates.lowBit.map { $0 * factor }
    rates.depthwise *= factor
    rates.planarTap *= factor
    rates.planarFloat *= factor
    rates.planarChannel *= factor
    rates.planeTap *= factor
    rates.planeStridedTap *= factor
    rates.fusedTap *= factor
    rates.fusedStridedTap *= factor
    rates.fusedColumn *= factor
    rates.converted *= factor
    rates.weights = CostTable.Stream(level3: weights.level3 * factor, memory: weights.memory * farther)
    return rates
  }
}
