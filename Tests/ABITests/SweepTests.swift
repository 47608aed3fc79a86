import CNetsuke
import Testing

/// Every function with NULL for every pointer: none crashes, every fallible one says what is wrong.
@Suite struct SweepTests {
  /// By name, so that a new function without a sweep is noticed.
  static let calls: [String: @Sendable () -> nsk_status?] = [
    // What cannot fail returns nil.
    "nsk_version": {
      _ = nsk_version(); return nil
    },
    "nsk_version_number": {
      _ = nsk_version_number(); return nil
    },
    "nsk_abi_version": {
      _ = nsk_abi_version(); return nil
    },
    "nsk_build_info": {
      _ = nsk_build_info(); return nil
    },
    "nsk_status_string": {
      _ = nsk_status_string(.min); return nil
    },
    "nsk_last_error": {
      _ = nsk_last_error(); return nil
    },
    "nsk_last_error_node": {
      _ = nsk_last_error_node(); return nil
    },
    "nsk_last_error_offset": {
      _ = nsk_last_error_offset(); return nil
    },
    "nsk_dtype_size": {
      _ = nsk_dtype_size(.max); return nil
    },
    "nsk_dtype_name": {
      _ = nsk_dtype_name(.min); return nil
    },
    "nsk_model_input_count": {
      #expect(nsk_model_input_count(nil) == 0); return nil
    },
    "nsk_model_output_count": {
      #expect(nsk_model_output_count(nil) == 0); return nil
    },
    "nsk_linear_bytes": {
      #expect(nsk_linear_bytes(nil) == 0); return nil
    },
    "nsk_conv2d_bytes": {
      #expect(nsk_conv2d_bytes(nil) == 0); return nil
    },
    "nsk_model_release": {
      nsk_model_release(nil); return nil
    },
    "nsk_session_release": {
      nsk_session_release(nil); return nil
    },
    "nsk_linear_release": {
      nsk_linear_release(nil); return nil
    },
    "nsk_conv2d_release": {
      nsk_conv2d_release(nil); return nil
    },
    "nsk_calibrator_release": {
      nsk_calibrator_release(nil); return nil
    },
    "nsk_string_release": {
      nsk_string_release(nil); return nil
    },
    "nsk_compress_options_init": {
      nsk_compress_options_init(nil); return nil
    },
    "nsk_session_options_init": {
      nsk_session_options_init(nil); return nil
    },
    "nsk_weights_options_init": {
      nsk_weights_options_init(nil); return nil
    },
    "nsk_run_options_init": {
      nsk_run_options_init(nil); return nil
    },
    "nsk_conv2d_desc_init": {
      nsk_conv2d_desc_init(nil); return nil
    },
    "nsk_factorize_options_init": {
      nsk_factorize_options_init(nil); return nil
    },
    // What can.
    "nsk_check_abi": { nsk_check_abi(0) },
    "nsk_model_load": { nsk_model_load(nil, nil) },
    "nsk_model_load_memory": { nsk_model_load_memory(nil, 8, nil) },
    "nsk_model_save": { nsk_model_save(nil, nil) },
    "nsk_model_write": { nsk_model_write(nil, 1, nil, nil) },
    "nsk_model_describe": { nsk_model_describe(nil, nil) },
    "nsk_model_pruning_groups": { nsk_model_pruning_groups(nil, nil) },
    "nsk_model_report": { nsk_model_report(nil, nil) },
    "nsk_model_input_info": { nsk_model_input_info(nil, 0, nil) },
    "nsk_model_output_info": { nsk_model_output_info(nil, 0, nil) },
    "nsk_model_compress": { nsk_model_compress(nil, nil, nil, nil, nil) },
    "nsk_recipe_names": { nsk_recipe_names(nil) },
    "nsk_recipe_get": { nsk_recipe_get(nil, nil) },
    "nsk_methods_describe": { nsk_methods_describe(nil) },
    "nsk_architecture_names": { nsk_architecture_names(nil) },
    "nsk_architecture_describe": { nsk_architecture_describe(nil, nil) },
    "nsk_architecture_create": { nsk_architecture_create(nil, nil, nil) },
    "nsk_session_create": { nsk_session_create(nil, nil, nil) },
    "nsk_session_run": { nsk_session_run(nil, nil, 1, nil, 1) },
    "nsk_session_prepare": { nsk_session_prepare(nil, nil, 1, nil, 1) },
    "nsk_session_profile": { nsk_session_profile(nil, nil) },
    "nsk_session_plan": { nsk_session_plan(nil, nil) },
    "nsk_linear_create": { nsk_linear_create(nil, nil, 1, 1, nil, nil, nil) },
    "nsk_linear_create_factors": { nsk_linear_create_factors(nil, nil, 2, nil, nil, nil, nil) },
    "nsk_conv2d_create_factors": { nsk_conv2d_create_factors(nil, nil, 2, nil, nil, nil) },
    "nsk_linear_run": { nsk_linear_run(nil, nil, 1, nil, nil) },
    "nsk_conv2d_create": { nsk_conv2d_create(nil, nil, nil, nil, nil) },
    "nsk_conv2d_output_size": { nsk_conv2d_output_size(nil, 1, 1, nil, nil) },
    "nsk_conv2d_run": { nsk_conv2d_run(nil, nil, 1, 1, 1, nil, nil) },
    "nsk_prune_magnitude": { nsk_prune_magnitude(nil, 4, 0.5, nil) },
    "nsk_prune_magnitude_activation": { nsk_prune_magnitude_activation(nil, 2, 2, nil, 0.5, nil) },
    "nsk_prune_apply": { nsk_prune_apply(nil, nil, 4) },
    "nsk_quantize_params": { nsk_quantize_params(0, 1, nsk_dtype(NSK_U8), 0, nil, nil) },
    "nsk_quantize_affine": { nsk_quantize_affine(nil, 4, 1, 0, nsk_dtype(NSK_U8), nil) },
    "nsk_dequantize_affine": { nsk_dequantize_affine(nil, 4, 1, 0, nsk_dtype(NSK_U8), nil) },
    "nsk_quantize_per_channel": { nsk_quantize_per_channel(nil, 2, 2, nil, nil) },
    "nsk_calibrator_create": { nsk_calibrator_create(0, 0, nil) },
    "nsk_calibrator_observe": { nsk_calibrator_observe(nil, nil, 4) },
    "nsk_calibrator_range": { nsk_calibrator_range(nil, nil, nil) },
    "nsk_csr_from_dense": { nsk_csr_from_dense(nil, 2, 2, nil, nil, nil, 0, nil) },
    "nsk_spmm_f32": { nsk_spmm_f32(2, 2, 2, nil, nil, nil, nil, 2, nil, 2) },
    "nsk_gemm_u8s8s32": { nsk_gemm_u8s8s32(2, 2, 2, nil, 2, 0, nil, 2, nil, 2) },
    "nsk_factorize_svd": { nsk_factorize_svd(nil, 2, 2, nil, 1, nil, nil, nil, nil) },
    "nsk_factorize_spatial": { nsk_factorize_spatial(nil, 2, 2, 2, 2, 1, nil, nil, nil, nil) },
    "nsk_factorize_separable": { nsk_factorize_separable(nil, 2, 2, 2, 1, nil, nil, nil) },
    "nsk_factorize_channel": { nsk_factorize_channel(nil, 2, 2, 1, 0, nil, nil, nil, nil, nil) },
    "nsk_factorize_tucker2": { nsk_factorize_tucker2(nil, 2, 2, 2, 2, 1, 1, nil, nil, nil, nil, nil) },
    "nsk_factorize_rank": { nsk_factorize_rank(nil, 2, 2, nil) },
    "nsk_factorize_cp": { nsk_factorize_cp(nil, 2, 2, 2, 2, 1, nil, nil, nil, nil, nil, nil) },
    "nsk_factorize_depthwise": { nsk_factorize_depthwise(nil, 2, 2, 2, 2, 1, nil, nil, nil, nil) },
    "nsk_dct2": { nsk_dct2(nil, 2, 2, 2, 0, nil) },
    "nsk_svd": { nsk_svd(nil, 2, 2, nil, nil, nil) },
    "nsk_eigh": { nsk_eigh(nil, 2, nil, nil) },
    "nsk_cholesky": { nsk_cholesky(nil, 2, nil) },
    "nsk_lstsq": { nsk_lstsq(nil, 2, 2, nil, 1, nil, nil) },
  ]

  @Test func everyFunctionHasASweep() { #expect(SweepTests.calls.keys.sorted() == Checkout.declared) }

  @Test(arguments: SweepTests.calls.keys.sorted())
  func nullIsRefused(name: String) {
    guard let status = SweepTests.calls[name]?() else { return }
    #expect(status != NSK_OK, "\(name) accepted NULL")
    #expect(status != NSK_INTERNAL)
    #expect(String(cString: nsk_last_error()) != "")
  }

  /// Sizes that no memory could hold, and negative ones as size_t sees them.
  @Test(arguments: [Int.max, Int.min, -1, 1 << 47, Int.max / 4 + 1])
  func absurdSizesAreRefused(size: Int) {
    let source: [Float] = [1, 2, 3, 4], left: [UInt8] = [1, 2, 3, 4], right: [Int8] = [1, 2, 3, 4], offsets: [Int32] = [0, 1, 2, 3]
    var floats = source, bytes = left, codes = right, ints = offsets
    var nonzeros = 7, model: OpaquePointer?, linear: OpaquePointer?
    let u8 = nsk_dtype(NSK_U8)
    #expect(nsk_prune_magnitude(source, size, 0.5, &bytes) == NSK_INVALID_ARGUMENT)
    #expect(nsk_prune_magnitude_activation(source, size, 2, source, 0.5, &bytes) == NSK_INVALID_ARGUMENT)
    #expect(nsk_prune_magnitude_activation(source, 2, size, source, 0.5, &bytes) == NSK_INVALID_ARGUMENT)
    #expect(nsk_prune_apply(&floats, left, size) == NSK_INVALID_ARGUMENT)
    #expect(nsk_quantize_affine(source, size, 1, 0, u8, &bytes) == NSK_INVALID_ARGUMENT)
    #expect(nsk_dequantize_affine(left, size, 1, 0, u8, &floats) == NSK_INVALID_ARGUMENT)
    #expect(nsk_quantize_per_channel(source, 2, size, &codes, &floats) == NSK_INVALID_ARGUMENT)
    #expect(nsk_csr_from_dense(source, size, 2, nil, nil, nil, 0, &nonzeros) == NSK_INVALID_ARGUMENT)
    #expect(nonzeros == 7)
    #expect(nsk_spmm_f32(size, 2, 2, offsets, offsets, source, source, 2, &floats, 2) != NSK_OK)
    #expect(nsk_spmm_f32(2, 2, 2, offsets, offsets, source, source, size, &floats, 2) != NSK_OK)
    #expect(nsk_gemm_u8s8s32(size, 2, 2, left, 2, 0, right, 2, &ints, 2) != NSK_OK)
    #expect(nsk_gemm_u8s8s32(2, 2, size, left, size, 0, right, size, &ints, 2) != NSK_OK)
    #expect(nsk_gemm_u8s8s32(2, 2, 2, left, size, 0, right, 2, &ints, 2) != NSK_OK)
    #expect(nsk_model_load_memory(left, size, &model) == NSK_INVALID_ARGUMENT)
    #expect(nsk_linear_create(source, nil, size, 2, nil, nil, &linear) != NSK_OK)
    #expect(nsk_linear_create(source, nil, 2, size, nil, nil, &linear) != NSK_OK)
    #expect(model == nil && linear == nil)
    source.withUnsafeBufferPointer { source in
      let factors = [source.baseAddress, source.baseAddress], extents = [2, 2, 2]
      #expect(nsk_linear_create_factors(factors, extents, size, nil, nil, nil, &linear) == NSK_INVALID_ARGUMENT)
      for place in 0...2 {
        var wrong = extents
        wrong[place] = size
        #expect(nsk_linear_create_factors(factors, wrong, 2, nil, nil, nil, &linear) != NSK_OK)
      }
      #expect(nsk_linear_create_factors([source.baseAddress, nil], extents, 2, nil, nil, nil, &linear) == NSK_INVALID_ARGUMENT)
      var desc = nsk_conv2d_desc(), conv: OpaquePointer?
      nsk_conv2d_desc_init(&desc)
      (desc.in_channels, desc.out_channels) = (2, 2)
      withUnsafePointer(to: &desc) { desc in
        #expect(nsk_conv2d_create_factors([desc, desc], factors, size, nil, nil, &conv) == NSK_INVALID_ARGUMENT)
        #expect(nsk_conv2d_create_factors([desc, nil], factors, 2, nil, nil, &conv) == NSK_INVALID_ARGUMENT)
        #expect(nsk_conv2d_create_factors([desc, desc], factors, 2, nil, nil, &conv) == NSK_OK)
        #expect(nsk_conv2d_bytes(conv) > 0)
      }
      nsk_conv2d_release(conv)
    }
    #expect(linear == nil)
  }

  /// Codes that name nothing.
  @Test(arguments: [Int32.min, -1, 77, 99, 256, Int32.max])
  func unknownEnumsAreRefused(code: Int32) {
    let floats: [Float] = [1, 2, 3, 4]
    var bytes: [UInt8] = [1, 2, 3, 4], scale: Float = 9, zero: Int32 = 9, handle: OpaquePointer?
    #expect(nsk_quantize_params(0, 1, code, 0, &scale, &zero) == NSK_INVALID_ARGUMENT)
    #expect(scale == 9 && zero == 9)
    #expect(nsk_quantize_affine(floats, 4, 1, 0, code, &bytes) == NSK_INVALID_ARGUMENT)
    #expect(nsk_calibrator_create(code, 99, &handle) == NSK_INVALID_ARGUMENT)
    var options = nsk_weights_options(), activation = nsk_activation(kind: code, alpha: 0, beta: 0)
    nsk_weights_options_init(&options)
    #expect(nsk_linear_create(floats, nil, 2, 2, nil, &activation, &handle) == NSK_INVALID_ARGUMENT)
    options.format = code
    #expect(nsk_linear_create(floats, nil, 2, 2, &options, nil, &handle) == NSK_INVALID_ARGUMENT)
    var desc = nsk_conv2d_desc()
    nsk_conv2d_desc_init(&desc)
    (desc.in_channels, desc.out_channels, desc.layout) = (1, 1, code)
    #expect(nsk_conv2d_create(&desc, floats, nil, nil, &handle) == NSK_INVALID_ARGUMENT)
    #expect(handle == nil)
    #expect(String(cString: nsk_status_string(code)) != (code == 99 ? "unknown status" : "internal error"))
  }
}
