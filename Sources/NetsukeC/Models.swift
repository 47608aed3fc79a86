import CNetsuke
import Netsuke

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@_cdecl("nsk_model_load") @implementation
public func nsk_model_load(_ path: UnsafePointer<CChar>?, _ out: UnsafeMutablePointer<OpaquePointer?>?) -> nsk_status {
  attempt {
    let out = try required(out, "out")
    out.pointee = Handle.make(ModelHandle(try Model(path: try text(path, "path"))))
  }
}

@_cdecl("nsk_model_load_memory") @implementation
public func nsk_model_load_memory(
  _ bytes: UnsafeRawPointer?, _ size: Int, _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> nsk_status {
  attempt {
    let out = try required(out, "out")
    out.pointee = Handle.make(ModelHandle(try Model(copying: try NetsukeC.bytes(bytes, size, name: "bytes"))))
  }
}

@_cdecl("nsk_model_save") @implementation
public func nsk_model_save(_ model: OpaquePointer?, _ path: UnsafePointer<CChar>?) -> nsk_status {
  attempt { try Handle.object(model, ModelHandle.self).model.save(to: try text(path, "path")) }
}

@_cdecl("nsk_model_write") @implementation
public func nsk_model_write(
  _ model: OpaquePointer?, _ format: Int32, _ write: nsk_write_fn?, _ user: UnsafeMutableRawPointer?
) -> nsk_status {
  attempt {
    guard let write else { throw Failure(.invalidArgument, "write is NULL") }
    let file = try Handle.object(model, ModelHandle.self).model.encoded(format: format)
    let result = file.withUnsafeBytes { write(user, $0.baseAddress, $0.count) }
    guard result == 0 else { throw Failure(.callback, "the write callback returned \(result)") }
  }
}

@_cdecl("nsk_model_describe") @implementation
public func nsk_model_describe(_ model: OpaquePointer?, _ out_json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> nsk_status {
  attempt {
    let out = try required(out_json, "out_json")
    try give(try Handle.object(model, ModelHandle.self).model.description(), to: out)
  }
}

@_cdecl("nsk_model_pruning_groups") @implementation
public func nsk_model_pruning_groups(
  _ model: OpaquePointer?, _ out_json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> nsk_status {
  attempt {
    let out = try required(out_json, "out_json")
    try give(try Handle.object(model, ModelHandle.self).model.pruningGroups(), to: out)
  }
}

@_cdecl("nsk_model_report") @implementation
public func nsk_model_report(_ model: OpaquePointer?, _ out_json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> nsk_status {
  attempt {
    let out = try required(out_json, "out_json")
    try give(try Handle.object(model, ModelHandle.self).model.report(), to: out)
  }
}

@_cdecl("nsk_model_release") @implementation
public func nsk_model_release(_ model: OpaquePointer?) { Handle.release(model, ModelHandle.self) }

@_cdecl("nsk_string_release") @implementation
public func nsk_string_release(_ text: UnsafeMutablePointer<CChar>?) { free(text) }
