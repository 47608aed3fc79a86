import CNetsuke
import Netsuke
import Testing

/// What the two sides of the boundary agree on without a word.
@Suite struct LayoutTests {
  @Test func theFacadeSeesTensorsAsCDoes() {
    #expect(MemoryLayout<TensorArgument>.size == MemoryLayout<nsk_tensor>.size)
    #expect(MemoryLayout<TensorArgument>.alignment == MemoryLayout<nsk_tensor>.alignment)
    #expect(MemoryLayout<TensorArgument>.offset(of: \.data) == MemoryLayout<nsk_tensor>.offset(of: \.data))
    #expect(MemoryLayout<TensorArgument>.offset(of: \.byteSize) == MemoryLayout<nsk_tensor>.offset(of: \.byte_size))
    #expect(MemoryLayout<TensorArgument>.offset(of: \.dtype) == MemoryLayout<nsk_tensor>.offset(of: \.dtype))
    #expect(MemoryLayout<TensorArgument>.offset(of: \.rank) == MemoryLayout<nsk_tensor>.offset(of: \.rank))
    #expect(MemoryLayout<TensorArgument>.offset(of: \.dims) == MemoryLayout<nsk_tensor>.offset(of: \.dims))
    #expect(TensorArgument.maximumRank == Int(NSK_MAX_RANK))
  }

  /// Sizes are part of the ABI: a change means that struct_size no longer tells versions apart.
  @Test func structsHaveTheSizesOfVersionOne() {
    #expect(MemoryLayout<nsk_tensor>.size == 88)
    #expect(MemoryLayout<nsk_value_info>.size == 88)
    #expect(MemoryLayout<nsk_dataset>.size == 32)
    #expect(MemoryLayout<nsk_compress_options>.size == 72)
    #expect(MemoryLayout<nsk_session_options>.size == 88)
    #expect(MemoryLayout<nsk_weights_options>.size == 48)
    #expect(MemoryLayout<nsk_run_options>.size == 56)
    #expect(MemoryLayout<nsk_factorize_options>.size == 56)
    #expect(MemoryLayout<nsk_activation>.size == 12)
    #expect(MemoryLayout<nsk_conv2d_desc>.size == 160)
  }

  @Test func statusesAndTypesHaveTheHeadersNumbers() {
    let statuses: [(Int, Failure.Status)] = [
      (NSK_INVALID_ARGUMENT, .invalidArgument), (NSK_SHAPE_MISMATCH, .shapeMismatch), (NSK_NOT_FOUND, .notFound),
      (NSK_INPUT_OUTPUT, .inputOutput), (NSK_MALFORMED_FILE, .malformedFile), (NSK_UNSUPPORTED, .unsupported),
      (NSK_UNSUPPORTED_MACHINE, .unsupportedMachine), (NSK_OUT_OF_MEMORY, .outOfMemory), (NSK_CANCELLED, .cancelled),
      (NSK_NOT_FINITE, .notFinite), (NSK_RECIPE, .recipe), (NSK_CALLBACK, .callback), (NSK_INTERNAL, .internal),
    ]
    #expect(statuses.count == Failure.Status.allCases.count)
    for (number, status) in statuses { #expect(status.rawValue == Int32(number)) }
    let types: [(Int, DType)] = [
      (NSK_F32, .f32), (NSK_U8, .u8), (NSK_S8, .s8), (NSK_U16, .u16), (NSK_S16, .s16), (NSK_S32, .s32), (NSK_S64, .s64),
      (NSK_BOOL, .bool), (NSK_F16, .f16), (NSK_F64, .f64), (NSK_U32, .u32), (NSK_U64, .u64),
    ]
    #expect(types.count == DType.allCases.count)
    for (number, type) in types {
      #expect(Int(type.rawValue) == number)
      #expect(nsk_dtype_size(nsk_dtype(number)) == type.byteCount)
      #expect(String(cString: nsk_dtype_name(nsk_dtype(number))) == type.name)
    }
    #expect(nsk_dtype_size(8) == 0)
    #expect(nsk_dtype_size(-1) == 0)
    #expect(String(cString: nsk_dtype_name(1000)) == "")
  }

  @Test func versionsAgree() {
    let parts = [NSK_VERSION_MAJOR, NSK_VERSION_MINOR, NSK_VERSION_PATCH]
    #expect(String(cString: nsk_version()) == parts.map { "\($0)" }.joined(separator: "."))
    #expect(nsk_version_number() == UInt32(parts[0] * 10_000 + parts[1] * 100 + parts[2]))
    #expect(nsk_abi_version() == UInt32(NSK_ABI_VERSION))
    #expect(nsk_check_abi(UInt32(NSK_ABI_VERSION)) == NSK_OK)
    #expect(nsk_check_abi(UInt32(NSK_ABI_VERSION) + 1) == NSK_UNSUPPORTED)
    #expect(String(cString: nsk_build_info()).contains("\"kernels\":["))
  }
}
