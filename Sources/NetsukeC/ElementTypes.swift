import CNetsuke
import Netsuke

private func type(_ dtype: nsk_dtype) -> DType? { UInt8(exactly: dtype).flatMap(DType.init(rawValue:)) }

private func name(_ type: DType) -> StaticString {
  switch type {
  case .f32: "f32"
  case .u8: "u8"
  case .s8: "s8"
  case .u16: "u16"
  case .s16: "s16"
  case .s32: "s32"
  case .s64: "s64"
  case .bool: "bool"
  case .f16: "f16"
  case .f64: "f64"
  case .u32: "u32"
  case .u64: "u64"
  }
}

@_cdecl("nsk_dtype_size") @implementation
public func nsk_dtype_size(_ dtype: nsk_dtype) -> Int { type(dtype)?.byteCount ?? 0 }

@_cdecl("nsk_dtype_name") @implementation
public func nsk_dtype_name(_ dtype: nsk_dtype) -> UnsafePointer<CChar>? { lend(type(dtype).map(name) ?? "") }
