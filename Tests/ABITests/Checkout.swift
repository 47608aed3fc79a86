#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The files of the checkout and the commands of the machine.
enum Checkout {
  // #filePath is <checkout>/Tests/ABITests/Checkout.swift
  static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")

  static let library = root + "/build/lib/libnetsuke.so"
  static let hasLibrary = access(library, R_OK) == 0
  static let model = root + "/examples/fashion-mnist/fashion.onnx"

  static func text(_ path: String) -> String {
    guard let file = fopen(root + "/" + path, "r") else { return "" }
    defer { fclose(file) }
    return read(file)
  }

  /// What a shell command prints, and how it ends.
  static func run(_ command: String) -> (output: String, status: Int32) {
    guard let pipe = popen(command + " 2>&1", "r") else { return ("", -1) }
    let output = read(pipe)
    return (output, pclose(pipe))
  }

  private static func read(_ file: UnsafeMutablePointer<FILE>) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += buffer[..<count]
    }
  }

  /// The C headers, one behind the other.
  static let headers = ["netsuke.h", "netsuke_operators.h", "netsuke_tensors.h"].map { text("include/" + $0) }.joined()

  /// The functions that the headers declare, sorted.
  static let declared: [String] = headers.split(separator: "\n").compactMap { line in
    guard line.hasPrefix("NSK_API ") else { return nil }
    return line.firstMatch(of: #/\b(nsk_[a-z0-9_]+)\(/#).map { String($0.1) }
  }.sorted()
}
