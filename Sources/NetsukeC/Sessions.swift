import CNetsuke
import Netsuke

/// The caller's tensors as the façade knows them: the two structs have one layout.
private func arguments(_ tensors: UnsafePointer<nsk_tensor>?, _ count: Int) throws -> UnsafeBufferPointer<TensorArgument> {
  let tensors = try elements(tensors, count, name: "inputs")
  return UnsafeBufferPointer(
    start: UnsafeRawPointer(tensors.baseAddress)?.assumingMemoryBound(to: TensorArgument.self), count: tensors.count)
}

private func results(_ tensors: UnsafeMutablePointer<nsk_tensor>?, _ count: Int) throws -> UnsafeMutableBufferPointer<TensorArgument> {
  let tensors = try elements(tensors, count, name: "outputs")
  return UnsafeMutableBufferPointer(
    start: UnsafeMutableRawPointer(tensors.baseAddress)?.assumingMemoryBound(to: TensorArgument.self), count: tensors.count)
}

private func translate(_ options: nsk_session_options) -> SessionOptions {
  var result = SessionOptions()
  result.threads = options.threads
  result.callerThreads = options.parallel_for.map { CallerThreads($0, user: options.parallel_user) }
  result.allocate = options.allocate
  result.deallocate = options.deallocate
  result.allocatorUser = options.allocator_user
  result.profile = options.profile != 0
  result.exact = options.exact != 0
  return result
}

@_cdecl("nsk_session_options_init") @implementation
public func nsk_session_options_init(_ options: UnsafeMutablePointer<nsk_session_options>?) { options?.pointee = .defaults }

@_cdecl("nsk_session_create") @implementation
public func nsk_session_create(
  _ model: OpaquePointer?, _ options: UnsafePointer<nsk_session_options>?, _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> nsk_status {
  attempt {
    let out = try required(out, "out"), model = try Handle.object(model, ModelHandle.self).model
    out.pointee = Handle.make(SessionHandle(try Session(model, translate(try NetsukeC.options(options, "options")))))
  }
}

@_cdecl("nsk_session_run") @implementation
public func nsk_session_run(
  _ session: OpaquePointer?, _ inputs: UnsafePointer<nsk_tensor>?, _ input_count: Int, _ outputs: UnsafeMutablePointer<nsk_tensor>?,
  _ output_count: Int
) -> nsk_status {
  attempt {
    let session = try Handle.object(session, SessionHandle.self).session
    try session.run(try arguments(inputs, input_count), try results(outputs, output_count))
  }
}

@_cdecl("nsk_session_prepare") @implementation
public func nsk_session_prepare(
  _ session: OpaquePointer?, _ inputs: UnsafePointer<nsk_tensor>?, _ input_count: Int, _ outputs: UnsafeMutablePointer<nsk_tensor>?,
  _ output_count: Int
) -> nsk_status {
  attempt {
    let session = try Handle.object(session, SessionHandle.self).session
    try session.prepare(try arguments(inputs, input_count), try results(outputs, output_count))
  }
}

@_cdecl("nsk_session_profile") @implementation
public func nsk_session_profile(
  _ session: OpaquePointer?, _ out_json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> nsk_status {
  attempt {
    let out = try required(out_json, "out_json")
    try give(try Handle.object(session, SessionHandle.self).session.profile(), to: out)
  }
}

@_cdecl("nsk_session_plan") @implementation
public func nsk_session_plan(_ session: OpaquePointer?, _ out_json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> nsk_status {
  attempt {
    let out = try required(out_json, "out_json")
    try give(try Handle.object(session, SessionHandle.self).session.planDescription(), to: out)
  }
}

@_cdecl("nsk_session_release") @implementation
public func nsk_session_release(_ session: OpaquePointer?) { Handle.release(session, SessionHandle.self) }
