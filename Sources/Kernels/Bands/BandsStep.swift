import KernelContract

/// `bands_1`: see `BandsDescriptor`. A task is a stripe of the last step's lines in one image.
func stepBands(
  _ descriptor: UnsafeRawPointer, _ buffers: UnsafePointer<UnsafeMutableRawPointer>, _ begin: Int, _ end: Int,
  _ scratch: UnsafeMutableRawPointer
) {
  let d = descriptor.assumingMemoryBound(to: BandsDescriptor.self)
  let stages = d.pointee.stages
  let count = d.pointee.stageCount
  let states = scratch.assumingMemoryBound(to: BandStage.State.self)
  for stage in 0..<count {
    (scratch + stages[stage].copyOffset).copyMemory(from: stages[stage].descriptor, byteCount: stages[stage].descriptorBytes)
  }
  for task in begin..<end {
    let image = task / d.pointee.stripes
    let stripe = task - image * d.pointee.stripes
    if task == begin || stripe == 0 {
      for stage in 0..<count { states[stage] = BandStage.State() }
    }
    var line = d.pointee.firstLine(ofStripe: stripe)
    let last = d.pointee.firstLine(ofStripe: stripe + 1)
    while line < last {
      let next = min(line + d.pointee.bandLines, last)
      findLines(d, line, next, states, scratch)
      for stage in 0..<count { makeLines(d, stage, image: image, buffers, states, scratch) }
      line = next
    }
  }
}

/// From the lines wanted of the last stage back to the first: which lines of each stage are to be made. Those that its buffer keeps are moved
/// to its beginning.
private func findLines(
  _ d: UnsafePointer<BandsDescriptor>, _ first: Int, _ end: Int, _ states: UnsafeMutablePointer<BandStage.State>,
  _ scratch: UnsafeMutableRawPointer
) {
  var stage = d.pointee.stageCount - 1
  states[stage].first = first
  states[stage].end = end
  states[stage].newFirst = first
  states[stage].newEnd = end
  while stage > 0 {
    let needed = inputLines(d.pointee.stages + stage, states[stage].newFirst, states[stage].newEnd)
    stage -= 1
    let state = states + stage
    let held = state.pointee.end
    let skipped = needed.first - state.pointee.first
    if skipped > 0 && needed.first < held {
      let at = d.pointee.stages + stage
      let band = scratch + at.pointee.bandOffset
      band.copyMemory(
        from: band + skipped * at.pointee.outputLineBytes, byteCount: (held - needed.first) * at.pointee.outputLineBytes)
    }
    state.pointee.first = needed.first
    state.pointee.newFirst = max(needed.first, held)
    state.pointee.newEnd = max(needed.end, state.pointee.newFirst)
    state.pointee.end = max(needed.end, held)
  }
}

/// The lines of the input that the output lines first ..< end see, without those outside the image; an empty range where they see none.
@inline(__always)
private func inputLines(_ stage: UnsafePointer<BandStage>, _ first: Int, _ end: Int) -> (first: Int, end: Int) {
  let g = stage.pointee.descriptor.assumingMemoryBound(to: Geometry.self)
  let height = g.pointee.inputHeight
  let top = first * g.pointee.strideY - g.pointee.padTop
  let bottom = (end - 1) * g.pointee.strideY - g.pointee.padTop + (g.pointee.kernelHeight - 1) * g.pointee.dilationY + 1
  let from = min(max(top, 0), height)
  return (from, end > first ? max(from, min(bottom, height)) : from)
}

/// Makes the new lines of a stage.
private func makeLines(
  _ d: UnsafePointer<BandsDescriptor>, _ index: Int, image: Int, _ buffers: UnsafePointer<UnsafeMutableRawPointer>,
  _ states: UnsafeMutablePointer<BandStage.State>, _ scratch: UnsafeMutableRawPointer
) {
  let state = states[index]
  if state.newEnd <= state.newFirst { return }
  let stage = d.pointee.stages + index
  let whole = stage.pointee.descriptor.assumingMemoryBound(to: Geometry.self)
  let outputLine = image * whole.pointee.outputHeight + state.newFirst

  let input: (first: Int, end: Int)
  let from: UnsafeMutableRawPointer
  if index > 0 {
    input = (states[index - 1].first, states[index - 1].end)
    from = scratch + d.pointee.stages[index - 1].bandOffset
  } else {
    input = inputLines(stage, state.newFirst, state.newEnd)
    from = buffers[1] + (image * whole.pointee.inputHeight + input.first) * stage.pointee.inputLineBytes
  }
  let to: UnsafeMutableRawPointer
  if index == d.pointee.stageCount - 1 {
    to = buffers[0] + outputLine * stage.pointee.outputLineBytes
  } else {
    to = scratch + stage.pointee.bandOffset + (state.newFirst - state.first) * stage.pointee.outputLineBytes
  }

  // Line 0 of the band's input is line `input.first` of the image; what reaches beyond the band reaches beyond the image.
  let copy = scratch + stage.pointee.copyOffset
  let g = copy.assumingMemoryBound(to: Geometry.self)
  g.pointee.batch = 1
  g.pointee.inputHeight = input.end - input.first
  g.pointee.outputHeight = state.newEnd - state.newFirst
  g.pointee.padTop = whole.pointee.padTop - state.newFirst * whole.pointee.strideY + input.first
  g.pointee.padBottom = whole.pointee.inputHeight + whole.pointee.padBottom - input.end

  let operands = (scratch + d.pointee.stageCount * MemoryLayout<BandStage.State>.stride).assumingMemoryBound(
    to: UnsafeMutableRawPointer.self)
  operands[0] = to
  operands[1] = from
  operands[2] = buffers[stage.pointee.residual] + outputLine * stage.pointee.residualLineBytes
  stage.pointee.function(copy, UnsafePointer(operands), 0, stage.pointee.countTasks(copy), scratch + d.pointee.ownBytes)
}
