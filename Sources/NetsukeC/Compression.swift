import CNetsuke
import Netsuke

/// The caller's calibration samples; nil where there is no dataset.
private func samples(_ dataset: UnsafePointer<nsk_dataset>?, for model: ModelHandle) throws -> CalibrationSamples? {
  guard dataset != nil else { return nil }
  let dataset = try options(dataset, "dataset")
  guard dataset.count >= 0 else { throw Failure(.invalidArgument, "dataset.count is absurd") }
  guard dataset.count > 0 else { return nil }
  guard let get = dataset.get else { throw Failure(.invalidArgument, "dataset.get is NULL") }
  let names = model.inputs.map(\.name)
  return CalibrationSamples(count: dataset.count) { index in
    var tensors = [nsk_tensor](repeating: nsk_tensor(), count: names.count)
    let result = tensors.withUnsafeMutableBufferPointer { get(dataset.user, index, $0.baseAddress, $0.count) }
    guard result == 0 else { throw Failure(.callback, "dataset.get returned \(result) for sample \(index)") }
    return try tensors.withUnsafeBytes { bytes in
      try bytes.bindMemory(to: TensorArgument.self).enumerated().map { try $1.copied("sample \(index), input '\(names[$0])'") }
    }
  }
}

private func listeners(_ options: nsk_compress_options) -> Model.CompressionListeners {
  var listeners = Model.CompressionListeners()
  if let progress = options.progress {
    listeners.progress = { phase, done, total in
      phase.withCString { progress(options.progress_user, $0, Int64(done), Int64(total)) } == 0
    }
  }
  if let log = options.log {
    listeners.log = { level, message in message.withCString { log(options.log_user, level, $0) } }
  }
  return listeners
}

@_cdecl("nsk_compress_options_init") @implementation
public func nsk_compress_options_init(_ options: UnsafeMutablePointer<nsk_compress_options>?) { options?.pointee = .defaults }

@_cdecl("nsk_model_compress") @implementation
public func nsk_model_compress(
  _ model: OpaquePointer?, _ recipe: UnsafePointer<CChar>?, _ dataset: UnsafePointer<nsk_dataset>?,
  _ options: UnsafePointer<nsk_compress_options>?, _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> nsk_status {
  attempt {
    let out = try required(out, "out"), source = try Handle.object(model, ModelHandle.self)
    let recipe = try text(recipe, "recipe"), chosen = try NetsukeC.options(options, "options")
    let result = try source.model.compressed(
      recipe: recipe, samples: try samples(dataset, for: source), threads: chosen.threads, listeners: listeners(chosen))
    out.pointee = Handle.make(ModelHandle(result))
  }
}

@_cdecl("nsk_recipe_names") @implementation
public func nsk_recipe_names(_ out_json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> nsk_status {
  attempt { try give(Recipes.names, to: try required(out_json, "out_json")) }
}

@_cdecl("nsk_recipe_get") @implementation
public func nsk_recipe_get(
  _ name: UnsafePointer<CChar>?, _ out_json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> nsk_status {
  attempt {
    let out = try required(out_json, "out_json")
    try give(try Recipes.json(named: try text(name, "name")), to: out)
  }
}

@_cdecl("nsk_methods_describe") @implementation
public func nsk_methods_describe(_ out_json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> nsk_status {
  attempt { try give(Recipes.methods, to: try required(out_json, "out_json")) }
}
