import KernelContract
import Tensors

extension PlanBuilder {
  /// Joins steps of which each alone reads what the one before it writes into steps that run by bands, where that pays.
  ///
  /// A chain takes the place of its last step: what the others read lives until then.
  func joinBands() throws {
    guard options.bands != .off, let kernel = kernels.first(where: { $0.family == .bands }) else { return }
    let next = bandLinks()
    let followers = Set(next.compactMap { $0 })
    var replaced: [Int: Draft] = [:]
    var joined: Set<Int> = []
    for head in drafts.indices where next[head] != nil && !followers.contains(head) {
      var chain = [head]
      while let after = next[chain[chain.count - 1]] { chain.append(after) }
      for (range, plan) in bandSegments(chain.compactMap { drafts[$0].bandStep }) {
        let members = Array(chain[range])
        replaced[members[members.count - 1]] = try band(members, plan, kernel)
        joined.formUnion(members)
      }
    }
    guard !joined.isEmpty else { return }
    drafts = drafts.indices.compactMap { replaced[$0] ?? (joined.contains($0) ? nil : drafts[$0]) }
    findLives()
  }

  /// For every step the one that alone reads its output, if the two can be neighbours in a chain.
  private func bandLinks() -> [Int?] {
    var touching = [Int](repeating: 0, count: buffers.count)
    var reader = [Int?](repeating: nil, count: buffers.count)
    for (index, draft) in drafts.enumerated() {
      for view in draft.views { touching[view.buffer] += 1 }
      if draft.views.count > 1 { reader[draft.views[1].buffer] = index }
    }
    return drafts.indices.map { index in
      guard let step = drafts[index].bandStep, let output = drafts[index].views.first, buffers[output.buffer].kind == .arena,
        touching[output.buffer] == 2, let after = reader[output.buffer], after > index, let nextStep = drafts[after].bandStep,
        drafts[after].views[1] == output, !step.touchesPlanes, !nextStep.touchesPlanes
      else { return nil }
      let (g, n) = (step.geometry, nextStep.geometry)
      let fits = g.batch == n.batch && g.outputHeight == n.inputHeight && g.outputWidth == n.inputWidth
      return fits && n.outputHeight > 1 && g.outputPixelStride == n.inputPixelStride ? after : nil
    }
  }

  /// The parts of a chain to run by bands: those that together cost least.
  private func bandSegments(_ steps: [any BandStep]) -> [(range: Range<Int>, plan: BandCost.Plan)] {
    let cost = BandCost(machine: machine, threads: options.threads)
    if case .always(let lines) = options.bands {
      return allSegments(steps, lines: lines)
    }
    // best[k]: the least cost of the first k steps, and where their last part begins.
    var best: [(cost: Double, from: Int, plan: BandCost.Plan?)] = [(0, 0, nil)]
    for end in 1...steps.count {
      let spill = end < steps.count ? cost.spill(steps[end - 1]) : 0
      var found = (best[end - 1].cost + spill, end - 1, BandCost.Plan?.none)
      for from in stride(from: end - 2, through: max(0, end - PlanBuilder.longestChain), by: -1) {
        guard let plan = cost.best(Array(steps[from..<end])) else { break }
        let total = best[from].cost + max(plan.nanoseconds, 0) + BandCost.least + spill
        if total < found.0 { found = (total, from, plan) }
      }
      best.append(found)
    }
    var segments: [(range: Range<Int>, plan: BandCost.Plan)] = []
    var end = steps.count
    while end > 0 {
      let part = best[end]
      if let plan = part.plan { segments.append((part.from..<end, plan)) }
      end = part.from
    }
    return segments
  }

  private static var longestChain: Int { 8 }

  /// A chain cut only where it must be.
  private func allSegments(_ steps: [any BandStep], lines: Int) -> [(range: Range<Int>, plan: BandCost.Plan)] {
    var segments: [(range: Range<Int>, plan: BandCost.Plan)] = []
    var from = 0
    while from < steps.count {
      var end = from + 1
      while end < steps.count, BandCost.unit(Array(steps[from...end])) != nil { end += 1 }
      if end > from + 1, let unit = BandCost.unit(Array(steps[from..<end])) {
        let stripes = max(1, min(steps[end - 1].geometry.outputHeight, options.threads))
        segments.append(
          (from..<end, BandCost.Plan(bandLines: blocks(max(1, lines), of: unit) * unit, stripes: stripes, nanoseconds: 0)))
      }
      from = end
    }
    return segments
  }

  /// The step that runs the drafts `members` by bands.
  private func band(_ members: [Int], _ plan: BandCost.Plan, _ kernel: KernelEntry) throws -> Draft {
    let parts = members.map { drafts[$0] }
    let layout = BandLayout(parts.compactMap(\.bandStep), bandLines: plan.bandLines)
    let last = parts[parts.count - 1]
    var views = [last.views[0], parts[0].views[1]]
    var inPlace: [Int] = []
    var stages: [BandStage] = []
    for (index, part) in parts.enumerated() {
      var residual = 0
      if layout.steps[index].residualStride != nil {
        residual = views.count
        views.append(part.views[2])
        if index == parts.count - 1 { inPlace.append(residual) }
      }
      let descriptor = try memory.place(layout.steps[index])
      stages.append(layout.stage(index, descriptor: descriptor, function: part.step.function, residual: residual))
    }
    let geometry = layout.steps[parts.count - 1].geometry
    let descriptor = BandsDescriptor(
      stages: try memory.place(stages), stageCount: stages.count, batch: geometry.batch, outputHeight: geometry.outputHeight,
      stripes: plan.stripes, bandLines: plan.bandLines, unit: BandCost.unit(layout.steps) ?? 1, ownBytes: layout.ownBytes,
      stepBytes: layout.stepBytes)
    var step = last.step
    step.name = parts.map(\.step.name).joined(separator: " + ")
    step.isJoined = true
    step.operators = parts.flatMap(\.step.operators)
    step.kernel = "\(kernel.id)"
    step.function = kernel.step
    step.descriptor = UInt(bitPattern: try memory.place(descriptor))
    step.taskCount = descriptor.taskCount
    step.scratchBytes = descriptor.scratchBytes
    step.macs = parts.reduce(0) { $0.addingReportingOverflow($1.step.macs).overflow ? Int.max : $0 + $1.step.macs }
    step.bytes = views.reduce(0) { $0 + $1.byteCount }
    let cost = BandCost(machine: machine, threads: options.threads)
    let spilled = layout.steps.dropLast().reduce(0) { $0 + cost.spill($1) }
    step.choice = Choice(
      name: "bands of \(plan.bandLines) lines: calls and copies", nanoseconds: plan.nanoseconds,
      losers: [Choice.Loser(name: "one by one: tensors out of the cache", nanoseconds: spilled, refusal: nil)])
    return Draft(step: step, views: views, inPlace: inPlace)
  }

  /// The first and last step that touch each buffer.
  private func findLives() {
    for index in buffers.indices { (buffers[index].first, buffers[index].last) = (Int.max, -1) }
    for (index, draft) in drafts.enumerated() {
      for view in draft.views {
        buffers[view.buffer].first = min(buffers[view.buffer].first, index)
        buffers[view.buffer].last = max(buffers[view.buffer].last, index)
      }
    }
  }
}
