import CNetsuke
import Netsuke

@_cdecl("nsk_architecture_names") @implementation
public func nsk_architecture_names(_ out_json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> nsk_status {
  attempt { try give(Architectures.names, to: try required(out_json, "out_json")) }
}

@_cdecl("nsk_architecture_describe") @implementation
public func nsk_architecture_describe(
  _ name: UnsafePointer<CChar>?, _ out_json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> nsk_status {
  attempt {
    let out = try required(out_json, "out_json")
    try give(try Architectures.json(named: try text(name, "name")), to: out)
  }
}

@_cdecl("nsk_architecture_create") @implementation
public func nsk_architecture_create(
  _ name: UnsafePointer<CChar>?, _ options_json: UnsafePointer<CChar>?, _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> nsk_status {
  attempt {
    let out = try required(out, "out")
    let options = options_json == nil ? nil : try text(options_json, "options_json")
    out.pointee = Handle.make(ModelHandle(try Model(architecture: try text(name, "name"), options: options)))
  }
}
