import CNetsuke
import Netsuke

private let version: StaticString = "0.1.0"

private let buildInfo = LentTexts([BuildInfo.json(version: "\(version)", abi: Int(NSK_ABI_VERSION))])

@_cdecl("nsk_version") @implementation
public func nsk_version() -> UnsafePointer<CChar>? { lend(version) }

@_cdecl("nsk_version_number") @implementation
public func nsk_version_number() -> UInt32 {
  UInt32(NSK_VERSION_MAJOR * 10_000 + NSK_VERSION_MINOR * 100 + NSK_VERSION_PATCH)
}

@_cdecl("nsk_abi_version") @implementation
public func nsk_abi_version() -> UInt32 { UInt32(NSK_ABI_VERSION) }

@_cdecl("nsk_build_info") @implementation
public func nsk_build_info() -> UnsafePointer<CChar>? { buildInfo[0] }

@_cdecl("nsk_check_abi") @implementation
public func nsk_check_abi(_ abi: UInt32) -> nsk_status {
  attempt {
    guard abi == UInt32(NSK_ABI_VERSION) else {
      throw Failure(
        .unsupported,
        "the program was built for ABI \(abi) of netsuke, and this is \(version) with ABI \(NSK_ABI_VERSION); install the one it needs")
    }
  }
}
