import Tensors

extension Report {
  /// The middle of its ten-thousandth, which always has as many digits: the text's length is part of the bytes that it is made of.
  private var sizeRatio: Double {
    bytes.after == 0 ? 0 : ((Double(bytes.before) / Double(bytes.after) * 1e4).rounded(.down) + 0.5) / 1e4
  }

  /// The report as JSON with the documented keys.
  package var json: JSONValue {
    [
      "version": 1,
      "model": .string(model),
      "recipe": recipe,
      "machine": .string(machine),
      "time": .string(time),
      "samples": .number(Double(samples)),
      "total": [
        "bytes_before": .number(Double(bytes.before)), "bytes_after": .number(Double(bytes.after)),
        "size_ratio": .number(sizeRatio),
        "parameters": .number(Double(parameters)), "parameters_after": .number(Double(parametersAfter)),
        "macs": .optional(macs.map(Double.init)), "macs_after": .optional(macsAfter.map(Double.init)),
        "zeros_before": .number(zeros.before), "zeros_after": .number(zeros.after),
        "ms_before": .optional(milliseconds.before), "ms_after": .optional(milliseconds.after), "snr_db": .optional(signalToNoise),
      ],
      "layers": .array(layers.map(\.json)),
      "refused": .array(refused.map(\.json)),
      "removed": .array(removed.map(\.json)),
      "notes": .array(notes.map { .string($0) }),
    ]
  }

  package func toJSON(indented: Bool = false) -> String { json.text(indented: indented) }

  /// - Throws: `malformedFile` where the text is no report of this version.
  package init(fromJSON text: String) throws {
    let fields = Fields(try JSONValue(parsing: text, maximumBytes: 1 << 26, status: .malformedFile), "report")
    guard try fields.int("version") == 1 else { throw Failure(.malformedFile, "the report's version is not known to this library") }
    let total = try fields.object("total")
    self.init(
      model: try fields.string("model"), recipe: try fields.value("recipe"), machine: try fields.string("machine"),
      time: try fields.string("time"), samples: try fields.int("samples"),
      bytes: Change(before: try total.int("bytes_before"), after: try total.int("bytes_after")),
      parameters: try total.int("parameters"), macs: try total.optional("macs", \.int),
      // Reports of 0.1.0 do not have these.
      parametersAfter: try total.optional("parameters_after", \.int) ?? total.int("parameters"),
      macsAfter: try total.optional("macs_after", \.int),
      zeros: Change(before: try total.number("zeros_before"), after: try total.number("zeros_after")),
      milliseconds: Change(before: try total.optional("ms_before", \.number), after: try total.optional("ms_after", \.number)),
      signalToNoise: try total.optional("snr_db", \.number), layers: try fields.list("layers", Layer.init),
      refused: try fields.list("refused", Refusal.init),
      removed: try fields.optionalList("removed", Removal.init), notes: try fields.strings("notes"))
  }
}

extension Report.Layer {
  var json: JSONValue {
    guard case .object(var members) = plain else { return plain }
    for case .object(let more)? in [alone?.json, factors?.json] { members += more }
    return .object(members)
  }

  private var plain: JSONValue {
    [
      "name": .string(name), "operator": .string(`operator`), "shape": .array(shape.map { .number(Double($0)) }),
      "roles": .array(roles.map { .string($0) }), "format": .string(format),
      "bytes_before": .number(Double(bytes.before)), "bytes_after": .number(Double(bytes.after)),
      "macs": .optional(macs.map(Double.init)),
      "zeros_before": .number(zeros.before), "zeros_after": .number(zeros.after),
      "ms_before": .optional(milliseconds.before), "ms_after": .optional(milliseconds.after), "snr_db": .optional(signalToNoise),
    ]
  }

  init(_ fields: Fields) throws {
    self.init(
      name: try fields.string("name"), operator: try fields.string("operator"), shape: try fields.ints("shape"),
      roles: try fields.strings("roles"), format: try fields.string("format"),
      bytes: Report.Change(before: try fields.int("bytes_before"), after: try fields.int("bytes_after")),
      macs: try fields.optional("macs", \.int),
      zeros: Report.Change(before: try fields.number("zeros_before"), after: try fields.number("zeros_after")),
      milliseconds: Report.Change(before: try fields.optional("ms_before", \.number), after: try fields.optional("ms_after", \.number)),
      signalToNoise: try fields.optional("snr_db", \.number),
      // Only quantized layers have it, and reports of 1.1 and before have none.
      alone: fields.has("weights_saturated") ? try Report.Alone(fields) : nil,
      factors: fields.has("factors") ? try Report.Factors(fields) : nil)
  }
}

extension Report.Alone {
  var json: JSONValue {
    [
      "snr_alone_db": .optional(signalToNoise), "input_low": .optional(low), "input_high": .optional(high),
      "input_saturated": .optional(inputSaturation), "weights_saturated": .number(weightSaturation),
    ]
  }

  init(_ fields: Fields) throws {
    self.init(
      signalToNoise: try fields.optional("snr_alone_db", \.number), low: try fields.optional("input_low", \.number),
      high: try fields.optional("input_high", \.number), inputSaturation: try fields.optional("input_saturated", \.number),
      weightSaturation: try fields.number("weights_saturated"))
  }
}

extension Report.Factors {
  var json: JSONValue {
    [
      "factors": .array(shapes.map { .array($0.map { .number(Double($0)) }) }),
      "parameters_before": .number(Double(parameters.before)), "parameters_after": .number(Double(parameters.after)),
      "macs_after": .optional(macs.map(Double.init)),
    ]
  }

  init(_ fields: Fields) throws {
    guard let list = try fields.value("factors").array, case let shapes = list.map({ $0.array?.compactMap(\.int) ?? [] }),
      zip(list, shapes).allSatisfy({ $0.array?.count == $1.count })
    else { throw Failure(.malformedFile, "the report's factors are not lists of whole numbers") }
    self.init(
      shapes: shapes,
      parameters: Report.Change(before: try fields.int("parameters_before"), after: try fields.int("parameters_after")),
      macs: try fields.optional("macs_after", \.int))
  }
}

extension Report.Refusal {
  var json: JSONValue {
    [
      "layer": .string(layer), "what": .string(what), "reason": .string(reason),
      "ms_before": .optional(milliseconds.before), "ms_after": .optional(milliseconds.after),
    ]
  }

  init(_ fields: Fields) throws {
    self.init(
      layer: try fields.string("layer"), what: try fields.string("what"), reason: try fields.string("reason"),
      milliseconds: Report.Change(
        before: try fields.optional("ms_before", \.number), after: try fields.optional("ms_after", \.number)))
  }
}

extension Report.Removal {
  var json: JSONValue {
    [
      "step": .string(step), "group": .string(group), "channels": .number(Double(channels)),
      "removed": .array(removed.map { .number(Double($0)) }),
    ]
  }

  init(_ fields: Fields) throws {
    self.init(
      step: try fields.string("step"), group: try fields.string("group"), channels: try fields.int("channels"),
      removed: try fields.ints("removed"))
  }
}

extension JSONValue {
  static func optional(_ number: Double?) -> JSONValue { number.map { .number($0) } ?? .null }
}
