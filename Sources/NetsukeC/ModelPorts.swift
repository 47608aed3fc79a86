import CNetsuke
import Netsuke

/// Writes what is known of a port into the caller's struct, no further than its size.
private func describe(
  _ ports: [PortDescription], _ names: LentTexts, _ index: Int, _ out: UnsafeMutablePointer<nsk_value_info>?
) throws {
  let out = try required(out, "out")
  let size = Int(out.pointee.struct_size)
  guard size >= 8, size <= 4096 else {
    throw Failure(.invalidArgument, "out.struct_size is \(size); begin with NSK_VALUE_INFO_INIT")
  }
  guard ports.indices.contains(index) else {
    throw Failure(.notFound, "there is no number \(UInt(bitPattern: index)); the model has \(ports.count)")
  }
  var argument = TensorArgument()
  for (axis, extent) in (ports[index].dims ?? []).prefix(TensorArgument.maximumRank).enumerated() { argument[axis] = Int64(extent) }
  var info = nsk_value_info(
    struct_size: out.pointee.struct_size, dtype: ports[index].dtype, name: names[index],
    rank: ports[index].dims.map { Int32(clamping: $0.count) } ?? -1, reserved: 0, dims: argument.dims)
  withUnsafeBytes(of: &info) { source in
    UnsafeMutableRawPointer(out).copyMemory(from: source.baseAddress ?? UnsafeRawPointer(out), byteCount: min(size, source.count))
  }
}

@_cdecl("nsk_model_input_count") @implementation
public func nsk_model_input_count(_ model: OpaquePointer?) -> Int { (try? Handle.object(model, ModelHandle.self).inputs.count) ?? 0 }

@_cdecl("nsk_model_output_count") @implementation
public func nsk_model_output_count(_ model: OpaquePointer?) -> Int { (try? Handle.object(model, ModelHandle.self).outputs.count) ?? 0 }

@_cdecl("nsk_model_input_info") @implementation
public func nsk_model_input_info(_ model: OpaquePointer?, _ index: Int, _ out: UnsafeMutablePointer<nsk_value_info>?) -> nsk_status {
  attempt {
    let handle = try Handle.object(model, ModelHandle.self)
    try describe(handle.inputs, handle.inputNames, index, out)
  }
}

@_cdecl("nsk_model_output_info") @implementation
public func nsk_model_output_info(_ model: OpaquePointer?, _ index: Int, _ out: UnsafeMutablePointer<nsk_value_info>?) -> nsk_status {
  attempt {
    let handle = try Handle.object(model, ModelHandle.self)
    try describe(handle.outputs, handle.outputNames, index, out)
  }
}
