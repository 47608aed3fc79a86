import Netsuke

/// An object that C holds by an opaque pointer.
protocol HandleObject: AnyObject {
  /// What the pointed-to memory begins with, different for each kind.
  static var mark: UInt64 { get }
  /// The name in messages: "nsk_model".
  static var typeName: String { get }
}

/// What the opaque pointer points at.
private struct HandleMemory {
  var mark: UInt64
  var object: Unmanaged<AnyObject>
}

/// Makes, checks and releases the opaque pointers. A NULL, a handle of another kind and (as long as its memory was not used for
/// something else) a released handle are told apart from a good one.
enum Handle {
  static func make(_ object: some HandleObject) -> OpaquePointer {
    let memory = UnsafeMutablePointer<HandleMemory>.allocate(capacity: 1)
    memory.initialize(to: HandleMemory(mark: type(of: object).mark, object: Unmanaged.passRetained(object)))
    return OpaquePointer(memory)
  }

  /// - Throws: `invalidArgument`.
  static func object<Object: HandleObject>(_ pointer: OpaquePointer?, _ type: Object.Type = Object.self) throws -> Object {
    let memory = try memory(pointer, type)
    guard let object = memory.pointee.object.takeUnretainedValue() as? Object else {
      throw Failure(.invalidArgument, "the handle is no \(type.typeName)")
    }
    return object
  }

  /// Releases a handle; NULL and what is no handle of this kind are left alone.
  static func release<Object: HandleObject>(_ pointer: OpaquePointer?, _ type: Object.Type) {
    guard let memory = try? memory(pointer, type) else { return }
    memory.pointee.mark = 0
    memory.pointee.object.release()
    memory.deallocate()
  }

  private static func memory(_ pointer: OpaquePointer?, _ type: (some HandleObject).Type) throws -> UnsafeMutablePointer<HandleMemory> {
    guard let pointer else { throw Failure(.invalidArgument, "the \(type.typeName) is NULL") }
    let memory = UnsafeMutablePointer<HandleMemory>(pointer)
    guard UInt(bitPattern: memory) % UInt(MemoryLayout<HandleMemory>.alignment) == 0, memory.pointee.mark == type.mark else {
      throw Failure(.invalidArgument, "the handle is no \(type.typeName), or was released")
    }
    return memory
  }
}

/// The kinds of handles, each an object of the façade with the C text it lends out.
final class ModelHandle: HandleObject {
  static let mark: UInt64 = 0x6C65_646F_6D6B_736E
  static let typeName = "nsk_model"
  let model: Model
  let inputs: [PortDescription]
  let outputs: [PortDescription]
  let inputNames: LentTexts
  let outputNames: LentTexts

  init(_ model: Model) {
    self.model = model
    inputs = model.inputs
    outputs = model.outputs
    inputNames = LentTexts(inputs.map(\.name))
    outputNames = LentTexts(outputs.map(\.name))
  }
}

final class SessionHandle: HandleObject {
  static let mark: UInt64 = 0x6973_7365_736B_736E
  static let typeName = "nsk_session"
  let session: Session
  init(_ session: Session) { self.session = session }
}

final class LinearHandle: HandleObject {
  static let mark: UInt64 = 0x7261_656E_696C_736E
  static let typeName = "nsk_linear"
  let operation: ConvolutionChain
  init(_ operation: ConvolutionChain) { self.operation = operation }
}

final class ConvolutionHandle: HandleObject {
  static let mark: UInt64 = 0x3264_766E_6F63_736E
  static let typeName = "nsk_conv2d"
  let operation: ConvolutionChain
  init(_ operation: ConvolutionChain) { self.operation = operation }
}

final class CalibratorHandle: HandleObject {
  static let mark: UInt64 = 0x7262_696C_6163_736E
  static let typeName = "nsk_calibrator"
  let calibrator: TensorCalibrator
  init(_ calibrator: TensorCalibrator) { self.calibrator = calibrator }
}
