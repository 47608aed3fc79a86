import CNetsuke
import Netsuke

private let version: StaticString = "0.1.0"

@_cdecl("nsk_version") @implementation
public func nsk_version() -> UnsafePointer<CChar>? {
  UnsafeRawPointer(version.utf8Start).assumingMemoryBound(to: CChar.self)
}
