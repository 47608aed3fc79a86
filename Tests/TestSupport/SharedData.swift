#if canImport(Glibc)
  import Glibc
#endif

/// Real networks and photos that stand beside the checkout on some machines and are never part of it.
package enum SharedData {
  /// The folder, or nil where it is absent; tests that need it are then skipped and say so.
  package static let directory: String? = {
    // #filePath is <checkout>/Tests/TestSupport/SharedData.swift
    let checkout = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    let candidate = checkout + "/../shared"
    return access(candidate + "/models", R_OK) == 0 ? candidate : nil
  }()
}
