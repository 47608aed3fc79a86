import Graph
import Tensors

/// What chosen values of a graph carry over the calibration samples, in one pass and memory that does not grow with the samples.
struct ActivationStatistics {
  /// One histogram for each value.
  private(set) var histograms: [StreamingHistogram]
  /// For each value the mean of each channel (dimension 1, or the last one of a matrix); empty where it was not asked for.
  private(set) var means: [[Double]]

  /// Stands for the last axis, whatever the rank.
  static let lastAxis = -1

  /// - channels: for each value the axis to take means along, nil where none are needed.
  /// - moments: for positions in `values`, what else gathers from them.
  init(
    _ graph: Graph, _ values: [ValueID], channels: [Int?], moments: [(position: Int, moments: InputMoments)], _ step: StepContext
  ) throws {
    let samples = try step.calibration()
    let momentum = step.options.values["momentum"]?.number ?? 0.9
    histograms = [StreamingHistogram](repeating: StreamingHistogram(momentum: momentum), count: values.count)
    means = [[Double]](repeating: [], count: values.count)
    var counts = [Int](repeating: 0, count: values.count)
    let runner = GraphRunner(graph, observing: values, evaluator: step.evaluator)
    for index in 0..<samples.count {
      try step.progress("calibration", index, of: samples.count)
      let observed = try runner.run(samples.sample(index)).observed
      for (position, tensor) in observed.enumerated() {
        guard tensor.dtype == .f32 else {
          throw Failure(.unsupported, "'\(graph[values[position]].name)' is \(tensor.dtype.name); only f32 values are quantized")
        }
        do { try histograms[position].add(tensor.elements(as: Float.self)) } catch let failure as Failure {
          throw Failure(
            failure.status, "the value '\(graph[values[position]].name)' is NaN or infinite on calibration sample \(index)",
            node: graph.uses().producer(of: values[position]).map { graph.nodes[$0].name })
        }
        if let axis = channels[position] {
          counts[position] += ActivationStatistics.add(tensor, axis: axis, to: &means[position])
        }
      }
      for (position, moments) in moments { try moments.add(observed[position]) }
    }
    for position in values.indices where counts[position] > 0 {
      means[position] = means[position].map { $0 / Double(counts[position]) }
    }
  }

  /// Adds the sums of each channel; returns how many elements of each there were.
  private static func add(_ tensor: Tensor, axis: Int, to sums: inout [Double]) -> Int {
    let axis = axis == lastAxis ? tensor.shape.count - 1 : axis
    guard tensor.shape.indices.contains(axis), tensor.count > 0 else { return 0 }
    let channels = tensor.shape[axis]
    if sums.isEmpty { sums = [Double](repeating: 0, count: channels) }
    guard sums.count == channels else { return 0 }
    let inner = tensor.shape[(axis + 1)...].reduce(1, *)
    let values = tensor.elements(as: Float.self)
    for row in 0..<values.count / inner {
      var sum = 0.0
      for value in values[row * inner..<(row + 1) * inner] { sum += Double(value) }
      sums[row % channels] += sum
    }
    return values.count / channels
  }
}
