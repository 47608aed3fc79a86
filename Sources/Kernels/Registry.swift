import KernelContract

/// Every kernel of this module, best first within a family: the one list that dispatch, tests and benchmarks go through.
package func kernelTable() -> [KernelEntry] {
  [
    KernelEntry("gemm_f32_6x16", .gemmF32, tile: (6, 16), [.consistent], stepGemmF32),
    KernelEntry("depthwise_f32_4x16", .depthwiseF32, tile: (4, 16), [.consistent], stepDepthwiseF32),
    KernelEntry("pool_f32_1x8", .poolF32, tile: (1, 8), [.consistent], stepPoolF32),
    KernelEntry("unary_f32_1x8", .unaryF32, tile: (1, 8), [.consistent], stepUnaryF32),
    KernelEntry("binary_f32_1x8", .binaryF32, tile: (1, 8), [.consistent], stepBinaryF32),
    KernelEntry("scale_shift_f32_1x8", .scaleShiftF32, tile: (1, 8), [.consistent], stepScaleShiftF32),
    KernelEntry("softmax_f32_1x8", .softmaxF32, tile: (1, 8), [.consistent], stepSoftmaxF32),
    KernelEntry("reduce_mean_f32_1x8", .reduceMeanF32, tile: (1, 8), [.consistent], stepReduceMeanF32),
    KernelEntry("lrn_f32_1x8", .lrnF32, tile: (1, 8), [.consistent], stepLRNF32),
  ]
}
