import CNetsuke
import Netsuke

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A struct of options that begins with its size in bytes, so that programs built against older and newer headers can use it.
protocol OptionStruct {
  static var defaults: Self { get }
  /// Whether all reserved fields are zero.
  var isClean: Bool { get }
}

/// A caller's options: the defaults where the pointer is NULL, fields beyond the caller's struct at zero.
/// - Throws: `unsupported` where the caller sets fields that this library does not know.
func options<Options: OptionStruct>(_ pointer: UnsafePointer<Options>?, _ name: StaticString) throws -> Options {
  guard let pointer else { return .defaults }
  let raw = UnsafeRawPointer(pointer)
  let size = Int(raw.loadUnaligned(as: UInt32.self)), own = MemoryLayout<Options>.size
  guard size >= 8, size <= 4096 else {
    throw Failure(.invalidArgument, "\(name).struct_size is \(size); begin with the struct's _INIT macro")
  }
  var result = Options.defaults
  withUnsafeMutableBytes(of: &result) { target in
    target.initializeMemory(as: UInt8.self, repeating: 0)
    target.copyMemory(from: UnsafeRawBufferPointer(start: raw, count: min(size, own)))
  }
  let tail = UnsafeRawBufferPointer(start: raw, count: size)[min(size, own)...]
  guard tail.allSatisfy({ $0 == 0 }), result.isClean else {
    throw Failure(.unsupported, "\(name) sets fields that this version of the library does not know; fields not used must be 0")
  }
  return result
}

private func isZero(_ four: (UInt64, UInt64, UInt64, UInt64)) -> Bool { four.0 | four.1 | four.2 | four.3 == 0 }

extension nsk_compress_options: OptionStruct {
  static var defaults: Self {
    var options = Self()
    options.struct_size = UInt32(MemoryLayout<Self>.size)
    return options
  }
  var isClean: Bool { isZero(reserved) }
}

extension nsk_session_options: OptionStruct {
  static var defaults: Self {
    var options = Self()
    options.struct_size = UInt32(MemoryLayout<Self>.size)
    return options
  }
  var isClean: Bool { isZero(reserved) }
}

extension nsk_weights_options: OptionStruct {
  static var defaults: Self {
    var options = Self()
    options.struct_size = UInt32(MemoryLayout<Self>.size)
    return options
  }
  var isClean: Bool { isZero(reserved) }
}

extension nsk_run_options: OptionStruct {
  static var defaults: Self {
    var options = Self()
    options.struct_size = UInt32(MemoryLayout<Self>.size)
    return options
  }
  var isClean: Bool { isZero(reserved) }
}

extension nsk_dataset: OptionStruct {
  static var defaults: Self {
    var options = Self()
    options.struct_size = UInt32(MemoryLayout<Self>.size)
    return options
  }
  var isClean: Bool { reserved == 0 }
}

extension nsk_conv2d_desc: OptionStruct {
  static var defaults: Self {
    var options = Self()
    options.struct_size = UInt32(MemoryLayout<Self>.size)
    (options.groups, options.kernel_h, options.kernel_w) = (1, 1, 1)
    (options.stride_h, options.stride_w, options.dilation_h, options.dilation_w) = (1, 1, 1, 1)
    return options
  }
  var isClean: Bool { isZero(reserved) && reserved_word == 0 }
}
