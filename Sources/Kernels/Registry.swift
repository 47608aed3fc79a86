import KernelContract

/// Every kernel of this module, best first within a family: the one list that dispatch, tests and benchmarks go through.
package func kernelTable() -> [KernelEntry] {
  [
    KernelEntry("gemm_f32_6x16", .gemmF32, tile: (6, 16), .consistent, stepGemmF32),
    KernelEntry("gemm_u8s8_6x16", .gemmU8S8, tile: (6, 16), .consistent, stepGemmU8S8),
    KernelEntry("winograd_f32_6x16", .winogradF32, tile: (6, 16), .consistent, stepWinogradF32),
    KernelEntry("depthwise_f32_4x8", .depthwiseF32, tile: (4, 8), .consistent, stepDepthwiseF32),
    KernelEntry("strassen_f32_1x8", .strassenF32, tile: (1, 8), .consistent, stepStrassenF32),
    KernelEntry("depthwise_u8s8_1x16", .depthwiseU8S8, tile: (1, 16), .consistent, stepDepthwiseU8S8),
    KernelEntry("depthwise_planar_f32_2x8", .depthwisePlanarF32, tile: (2, 8), .consistent, stepDepthwisePlanarF32),
    KernelEntry("pool_planar_f32_1x8", .poolPlanarF32, tile: (1, 8), .consistent, stepPoolPlanarF32),
    KernelEntry("pool_f32_1x8", .poolF32, tile: (1, 8), .consistent, stepPoolF32),
    KernelEntry("pool_u8_1x16", .poolU8, tile: (1, 16), .consistent, stepPoolU8),
    KernelEntry("unary_f32_1x8", .unaryF32, tile: (1, 8), .consistent, stepUnaryF32),
    KernelEntry("binary_f32_1x8", .binaryF32, tile: (1, 8), .consistent, stepBinaryF32),
    KernelEntry("scale_shift_f32_1x8", .scaleShiftF32, tile: (1, 8), .consistent, stepScaleShiftF32),
    KernelEntry("softmax_f32_1x8", .softmaxF32, tile: (1, 8), .consistent, stepSoftmaxF32),
    KernelEntry("reduce_mean_f32_1x8", .reduceMeanF32, tile: (1, 8), .consistent, stepReduceMeanF32),
    KernelEntry("lrn_f32_1x8", .lrnF32, tile: (1, 8), .consistent, stepLRNF32),
    KernelEntry("matmul_f32_6x16", .matMulF32, tile: (6, 16), .consistent, stepMatMulF32),
    KernelEntry("spmm_f32_1x32", .spmmF32, tile: (1, 32), KernelFlags(rawValue: 0), stepSpmmF32),
    KernelEntry("sparse_f32_2x56", .sparseF32, tile: (2, 56), .consistent, stepSparseF32),
    KernelEntry("sparse_vector_f32_1x8", .sparseVectorF32, tile: (1, 8), .consistent, stepSparseVectorF32),
    KernelEntry("sparse_blocks_f32_16x1", .sparseBlocksF32, tile: (16, 1), .consistent, stepSparseBlocksF32),
    KernelEntry("transpose_8x8", .transpose, tile: (8, 8), .consistent, stepTranspose),
    KernelEntry("copy_1", .copy, tile: (1, 1), .consistent, stepCopy),
    KernelEntry("fill_1", .fill, tile: (1, 1), .consistent, stepFill),
    KernelEntry("gather_1", .gather, tile: (1, 1), .consistent, stepGather),
    KernelEntry("channel_shuffle_1", .channelShuffle, tile: (1, 1), .consistent, stepChannelShuffle),
    KernelEntry("resize_f32_1x8", .resizeF32, tile: (1, 8), .consistent, stepResizeF32),
    KernelEntry("quantize_f32_1x8", .quantize, tile: (1, 8), .consistent, stepQuantize),
    KernelEntry("dequantize_f32_1x8", .dequantize, tile: (1, 8), .consistent, stepDequantize),
    KernelEntry("add_u8_1x8", .addU8, tile: (1, 8), .consistent, stepAddU8),
    KernelEntry("lookup_u8_1", .lookupU8, tile: (1, 1), .consistent, stepLookupU8),
    KernelEntry("bands_1", .bands, tile: (1, 1), .consistent, stepBands),
  ]
}
