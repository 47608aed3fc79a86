/// The task grid of a Winograd convolution: how many tiles and how many panels of 16 output channels one task has.
///
/// A task's transformed tiles and their products fill two thirds of the second-level cache. But weights that fill more than a
/// quarter of the last-level cache should be streamed as few times as possible: then a task has all tiles, as long as they fill no more than
/// another quarter. With
/// threads there are more blocks of tiles, or of panels where the weights are what counts; each thread then transforms the tiles itself.
package struct WinogradBlocks: Sendable {
  package let tiles: Int
  package let panels: Int

  /// - Parameters:
  ///   - tileCount: tiles of all images.
  ///   - tileRows: rows of the kernel's own tile.
  package init(_ packing: WinogradPacking, tileCount: Int, level2Bytes: Int, level3Bytes: Int, tileRows: Int, threads: Int) {
    self.init(
      perTile: max(1, 4 * packing.points * (packing.groupInChannels + packing.panels * GemmPacking.panel)),
      weightBytes: 4 * packing.weightCount / max(1, packing.groups), allPanels: packing.panels, groups: packing.groups,
      tileCount: tileCount,
      level2Bytes: level2Bytes, level3Bytes: level3Bytes, tileRows: tileRows, threads: threads)
  }

  /// Of an integer convolution, which transforms the products of one panel back before it makes those of the next.
  package init(
    _ packing: WinogradCodesPacking, tileCount: Int, level2Bytes: Int, level3Bytes: Int, tileRows: Int, threads: Int
  ) {
    self.init(
      perTile: max(1, WinogradCodesPacking.points * (2 * packing.groupInChannels + 4 * GemmPacking.panel)),
      weightBytes: 2 * packing.weightCount / max(1, packing.groups), allPanels: packing.panels, groups: packing.groups,
      tileCount: tileCount,
      level2Bytes: level2Bytes, level3Bytes: level3Bytes, tileRows: tileRows, threads: threads)
  }

  /// - Parameters:
  ///   - perTile: bytes of one transformed tile and of its products.
  ///   - weightBytes: of one group.
  private init(
    perTile: Int, weightBytes: Int, allPanels: Int, groups: Int, tileCount: Int, level2Bytes: Int, level3Bytes: Int, tileRows: Int,
    threads: Int
  ) {
    let streams = weightBytes > level3Bytes / 4
    let inCache = min(60, max(2 * tileRows, level2Bytes / 3 * 2 / perTile))
    let most = streams ? max(inCache, level3Bytes / 4 / perTile) : inCache
    var tileBlocks = blocks(max(1, tileCount), of: most)
    var panelBlocks = 1
    if threads > 1 {
      let wanted = blocks(3 * threads, of: max(1, groups))
      if weightBytes > perTile * tileCount { panelBlocks = min(allPanels, blocks(wanted, of: tileBlocks)) }
      if tileBlocks * panelBlocks < wanted {
        tileBlocks = max(tileBlocks, min(blocks(tileCount, of: 2 * tileRows), blocks(wanted, of: panelBlocks)))
      }
      if tileBlocks * panelBlocks < wanted { panelBlocks = min(allPanels, blocks(wanted, of: tileBlocks)) }
    }
    tiles = max(1, min(tileCount, roundUp(blocks(tileCount, of: tileBlocks), to: tileRows)))
    panels = max(1, blocks(allPanels, of: max(1, panelBlocks)))
  }
}
