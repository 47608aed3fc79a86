import KernelContract

/// The kernels that a processor with AVX-512 (F, BW, DQ, VL) runs faster than those of `Kernels`, to be put before them.
/// Sums are made in the same order; depthwise may differ in the sign of a zero.
package func kernelTableAVX512() -> [KernelEntry] {
  [
    KernelEntry("gemm_f32_8x16", .gemmF32, tile: (8, 16), .consistent, stepGemmF32),
    KernelEntry("winograd_f32_8x16", .winogradF32, tile: (8, 16), .consistent, stepWinogradF32),
    KernelEntry("depthwise_f32_4x16", .depthwiseF32, tile: (4, 16), .consistent, stepDepthwiseF32),
    KernelEntry("sparse_blocks_f32_64x32", .sparseBlocksF32, tile: (64, 32), .consistent, stepSparseBlocksF32),
  ]
}

/// Those that need AVX-512 VNNI besides, to be put before them.
package func kernelTableVNNI() -> [KernelEntry] {
  [
    KernelEntry("gemm_quads_u8s8_8x32", .gemmQuadsU8S8, tile: (8, 32), .consistentForAnyCodes, stepGemmQuadsU8S8),
    KernelEntry("low_bit_f32_1x64", .lowBitF32, tile: (1, 64), .consistent, stepLowBitF32),
    KernelEntry("sparse_u8s8_1x64", .sparseU8S8, tile: (1, 64), .consistentForAnyCodes, stepSparseU8S8),
  ]
}
