import CNetsuke
import Testing

/// A caller's parallel-for that returns too early: said so, and nothing lost for the next call.
@Suite struct ParallelForTests {
  /// Leaves out the last piece where the word at `user` says so.
  private static let loop: nsk_parallel_for_fn = { user, count, task, context in
    let isLazy = user?.load(as: Bool.self) ?? false
    for index in 0..<count - (isLazy ? 1 : 0) { task?(context, index) }
  }

  @Test func aSessionSaysSo() {
    let model = CModel.load()
    let expected = model.run(4)
    var isLazy = false
    withUnsafeMutablePointer(to: &isLazy) { flag in
      var options = nsk_session_options()
      nsk_session_options_init(&options)
      (options.threads, options.parallel_for, options.parallel_user) = (2, ParallelForTests.loop, UnsafeMutableRawPointer(flag))
      let session = CSession(model, options)
      #expect(session.run(4) == expected)
      flag.pointee = true
      var pixels = CSession.pixels(4)
      pixels.withUnsafeMutableBytes { bytes in
        var input = CSession.input(4, bytes.baseAddress, bytes.count), output = nsk_tensor()
        #expect(nsk_session_run(session.handle, &input, 1, &output, 1) == NSK_CALLBACK)
        #expect(String(cString: nsk_last_error()).hasPrefix("parallel_for returned when 1 of 2 pieces were done"))
        #expect(String(cString: nsk_last_error_node()) != "")
      }
      flag.pointee = false
      #expect(session.run(4) == expected)
    }
  }

  @Test func anOperatorSaysSo() {
    let (rows, columns) = (300, 70)
    let weights = (0..<rows * columns).map { Float($0 % 13) - 6 }
    let x = (0..<8 * columns).map { Float($0 % 7) }
    var layer: OpaquePointer?
    #expect(nsk_linear_create(weights, nil, rows, columns, nil, nil, &layer) == NSK_OK)
    defer { nsk_linear_release(layer) }
    var expected = [Float](repeating: 0, count: 8 * rows), y = expected
    #expect(nsk_linear_run(layer, x, 8, &expected, nil) == NSK_OK)
    var isLazy = true
    withUnsafeMutablePointer(to: &isLazy) { flag in
      var options = nsk_run_options()
      nsk_run_options_init(&options)
      (options.threads, options.parallel_for, options.parallel_user) = (2, ParallelForTests.loop, UnsafeMutableRawPointer(flag))
      #expect(nsk_linear_run(layer, x, 8, &y, &options) == NSK_CALLBACK)
      #expect(String(cString: nsk_last_error()).hasPrefix("parallel_for returned when"))
      flag.pointee = false
      #expect(nsk_linear_run(layer, x, 8, &y, &options) == NSK_OK)
    }
    #expect(y == expected)
  }
}
