import CNetsuke
import Netsuke

/// A status in a few words.
private func words(_ status: Failure.Status) -> StaticString {
  switch status {
  case .invalidArgument: "invalid argument"
  case .shapeMismatch: "shapes or sizes do not match"
  case .notFound: "not found"
  case .inputOutput: "input or output failed"
  case .malformedFile: "malformed file"
  case .unsupported: "not supported"
  case .unsupportedMachine: "this processor is not supported"
  case .outOfMemory: "out of memory"
  case .cancelled: "cancelled"
  case .notFinite: "a number is not finite"
  case .recipe: "the recipe is wrong"
  case .callback: "a callback failed"
  case .internal: "internal error"
  }
}

@_cdecl("nsk_status_string") @implementation
public func nsk_status_string(_ status: nsk_status) -> UnsafePointer<CChar>? {
  if status == nsk_status(NSK_OK) { return lend("ok") }
  return lend(Failure.Status(rawValue: status).map(words) ?? "unknown status")
}

@_cdecl("nsk_last_error") @implementation
public func nsk_last_error() -> UnsafePointer<CChar>? {
  ThreadError.current?.message.map { UnsafePointer($0) } ?? lend("")
}

@_cdecl("nsk_last_error_node") @implementation
public func nsk_last_error_node() -> UnsafePointer<CChar>? {
  ThreadError.current?.node.map { UnsafePointer($0) } ?? lend("")
}

@_cdecl("nsk_last_error_offset") @implementation
public func nsk_last_error_offset() -> Int64 { ThreadError.current?.offset ?? -1 }
