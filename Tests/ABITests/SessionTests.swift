import CNetsuke
import Testing

@Suite struct SessionTests {
  let model = CModel.load()

  @Test func aModelTellsItsPorts() {
    #expect(nsk_model_input_count(model.handle) == 1 && nsk_model_output_count(model.handle) == 1)
    var info = nsk_value_info()
    info.struct_size = UInt32(MemoryLayout<nsk_value_info>.size)
    #expect(nsk_model_input_info(model.handle, 0, &info) == NSK_OK)
    #expect(String(cString: info.name) == "image" && info.dtype == nsk_dtype(NSK_F32) && info.rank == 4)
    #expect([info.dims.0, info.dims.1, info.dims.2, info.dims.3] == [-1, 1, 28, 28])
    #expect(nsk_model_output_info(model.handle, 0, &info) == NSK_OK)
    #expect(String(cString: info.name) == "logits" && info.rank == 2 && info.dims.1 == 10)
    #expect(nsk_model_output_info(model.handle, 1, &info) == NSK_NOT_FOUND)
    // An older program's struct ends before `dims`.
    info.struct_size = 24
    info.dims.0 = 77
    #expect(nsk_model_input_info(model.handle, 0, &info) == NSK_OK)
    #expect(info.dims.0 == 77)
  }

  @Test func shapesMayChangeFromRunToRun() {
    let session = CSession(model)
    let one = session.run(1), three = session.run(3)
    #expect(one.count == 10 && three.count == 30)
    #expect(Array(three[..<10]) == one, "the first picture of three is the only one of one")
    for batch in [2, 4, 5, 6, 7, 1, 3] { #expect(Array(session.run(batch)[..<10]) == one) }
  }

  @Test func resultsGoWhereTheCallerSays() {
    let session = CSession(model), expected = session.run(2)
    var pixels = CSession.pixels(2), room = [Float](repeating: -1, count: 24)
    pixels.withUnsafeMutableBytes { bytes in
      room.withUnsafeMutableBytes { memory in
        var input = CSession.input(2, bytes.baseAddress, bytes.count)
        var output = nsk_tensor(data: memory.baseAddress, byte_size: 96, dtype: 0, rank: 0, dims: (0, 0, 0, 0, 0, 0, 0, 0))
        #expect(nsk_session_run(session.handle, &input, 1, &output, 1) == NSK_OK)
        #expect(output.byte_size == 80 && output.rank == 2 && output.dims.0 == 2 && output.dims.1 == 10)
        #expect(output.data == memory.baseAddress)
        // Too little room: an error, and nothing is touched.
        var small = nsk_tensor(data: memory.baseAddress, byte_size: 79, dtype: 5, rank: 5, dims: (5, 5, 5, 5, 5, 5, 5, 5))
        #expect(nsk_session_run(session.handle, &input, 1, &small, 1) == NSK_SHAPE_MISMATCH)
        #expect(small.rank == 5 && small.dtype == 5 && small.dims.7 == 5)
      }
    }
    #expect(Array(room[..<20]) == expected && room[20...].allSatisfy { $0 == -1 })
  }

  @Test func prepareTellsTheOutputs() {
    let session = CSession(model)
    #expect(nsk_session_plan(session.handle, nil) == NSK_INVALID_ARGUMENT)
    #expect(CModel.json { nsk_session_plan(session.handle, $0) } == nil)
    var input = CSession.input(5, nil, 0), output = nsk_tensor()
    #expect(nsk_session_prepare(session.handle, &input, 1, &output, 1) == NSK_OK)
    #expect(output.byte_size == 200 && output.dims.0 == 5 && output.data == nil)
    #expect(CModel.json { nsk_session_plan(session.handle, $0) }?.contains("gemm_f32") == true)
  }

  @Test func wrongInputsAreRefused() {
    let session = CSession(model)
    var pixels = CSession.pixels(1)
    pixels.withUnsafeMutableBytes { bytes in
      let good = CSession.input(1, bytes.baseAddress, bytes.count)
      func status(_ change: (inout nsk_tensor) -> Void) -> nsk_status {
        var input = good, output = nsk_tensor()
        change(&input)
        let status = nsk_session_run(session.handle, &input, 1, &output, 1)
        #expect(status == NSK_OK || (output.data == nil && output.rank == 0))
        return status
      }
      #expect(status { _ in } == NSK_OK)
      #expect(status { $0.dtype = nsk_dtype(NSK_U8) } == NSK_INVALID_ARGUMENT)
      #expect(status { $0.dtype = 1234 } == NSK_INVALID_ARGUMENT)
      #expect(status { $0.rank = 3 } == NSK_SHAPE_MISMATCH)
      #expect(status { $0.rank = -1 } == NSK_SHAPE_MISMATCH)
      #expect(status { $0.rank = 9 } == NSK_SHAPE_MISMATCH)
      #expect(status { $0.dims.2 = 27 } == NSK_SHAPE_MISMATCH)
      #expect(status { $0.dims.0 = -1 } == NSK_SHAPE_MISMATCH)
      #expect(status { $0.dims.0 = .max } == NSK_SHAPE_MISMATCH)
      #expect(status { $0.byte_size -= 1 } == NSK_SHAPE_MISMATCH)
      #expect(status { $0.data = nil } == NSK_INVALID_ARGUMENT)
      #expect(status { $0.data = $0.data.map { $0 + 1 } } == NSK_INVALID_ARGUMENT)
      var inputs = [good, good], output = nsk_tensor()
      #expect(nsk_session_run(session.handle, &inputs, 2, &output, 1) == NSK_SHAPE_MISMATCH)
      #expect(nsk_session_run(session.handle, &inputs, 1, nil, 0) == NSK_SHAPE_MISMATCH)
    }
  }

  @Test func threadsDoNotChangeResults() {
    let alone = model.run(4)
    var options = nsk_session_options()
    nsk_session_options_init(&options)
    for threads in [Int32(0), 2, 3] {
      options.threads = threads
      #expect(model.run(4, options: options) == alone)
    }
    options.threads = 3
    // The caller's own "pool": one thread, backwards.
    options.parallel_for = { user, count, task, context in
      user?.assumingMemoryBound(to: Int.self).pointee += 1
      for index in (0..<count).reversed() { task?(context, index) }
    }
    var calls = 0
    withUnsafeMutablePointer(to: &calls) { pointer in
      options.parallel_user = UnsafeMutableRawPointer(pointer)
      #expect(model.run(4, options: options) == alone)
    }
    #expect(calls > 0)
    options.threads = -1
    var session: OpaquePointer?
    #expect(nsk_session_create(model.handle, &options, &session) == NSK_INVALID_ARGUMENT)
  }

  @Test func profilesAreThereWhenAskedFor() {
    let plain = CSession(model)
    _ = plain.run(1)
    #expect(CModel.json { nsk_session_profile(plain.handle, $0) } == nil)
    var options = nsk_session_options()
    nsk_session_options_init(&options)
    (options.threads, options.profile) = (1, 1)
    let session = CSession(model, options)
    #expect(CModel.json { nsk_session_profile(session.handle, $0) } == nil)
    _ = session.run(1)
    #expect(CModel.json { nsk_session_profile(session.handle, $0) }?.contains("\"median_ms\":") == true)
  }

  @Test func workingMemoryComesFromTheCaller() {
    struct Ledger { var taken = 0, returned = 0 }
    var ledger = Ledger()
    withUnsafeMutablePointer(to: &ledger) { ledger in
      var options = nsk_session_options()
      nsk_session_options_init(&options)
      options.threads = 1
      options.allocator_user = UnsafeMutableRawPointer(ledger)
      options.allocate = { user, size, alignment in
        user?.assumingMemoryBound(to: Ledger.self).pointee.taken += 1
        return UnsafeMutableRawPointer.allocate(byteCount: size, alignment: alignment)
      }
      options.deallocate = { user, memory in
        user?.assumingMemoryBound(to: Ledger.self).pointee.returned += 1
        memory?.deallocate()
      }
      let expected = model.run(1)
      let session = CSession(model, options)
      #expect(session.run(1) == expected)
      let after = ledger.pointee.taken
      #expect(after > 0)
      for _ in 0..<5 { #expect(session.run(1) == expected) }
      #expect(ledger.pointee.taken == after, "a run with a plan allocates nothing")
    }
    #expect(ledger.taken == ledger.returned)
  }
}
