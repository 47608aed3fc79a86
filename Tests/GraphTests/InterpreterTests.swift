import Graph
import Reference
import TestSupport
import Tensors
import Testing

@Suite struct InterpreterTests {
  private func graph() throws -> (Graph, ValueID) {
    var graph = Graph()
    let x = graph.addInput("x", ValueType(.f32, [.symbol("N"), 2]))
    let z = graph.addInput("z", ValueType(.f32, [.symbol("N"), 2]))
    let sum = graph.append(.add, "sum", [x, z])
    graph.outputs = [graph.append(.relu, "y", [sum]), x]
    return (graph, sum)
  }

  @Test func runsAndObserves() throws {
    let (graph, sum) = try graph()
    let results = try Interpreter(graph).run([.counting([2, 2]), Tensor([2, 2], [-2, -2, 0, 0])], observing: [sum])
    #expect(results.map { $0.floats() } == [[0, 0, 3, 4], [1, 2, 3, 4], [-1, 0, 3, 4]])
  }

  @Test func refusesWrongInputs() throws {
    let interpreter = Interpreter(try graph().0)
    let x = try Tensor.counting([2, 2])
    #expect(throws: Failure.self) { try interpreter.run([x]) }
    #expect(throws: Failure.self) { try interpreter.run([x, .counting([3, 2])]) }
    #expect(throws: Failure.self) { try interpreter.run([x, .counting([2, 3])]) }
    #expect(throws: Failure.self) { try interpreter.run([x, .integers([1, 2])]) }
    #expect(throws: Failure.self) { try interpreter.run([x, x], observing: [ValueID(99)]) }
  }

  @Test func compressedWeightsAreDecoded() throws {
    var graph = Graph()
    let x = graph.addInput("x", ValueType(.f32, [1, 2]))
    let codes = try Tensor(.s8, [2, 2], [Int8](arrayLiteral: 1, 2, 3, 4))
    let affine = try AffineQuantization(scales: [0.5, 2], zeroPoints: [0, 1], axis: 1)
    let w = graph.addValue("w", constant: try Weight(shape: [2, 2], elements: .affine(codes: codes, affine), arrangement: .dense))
    graph.outputs = [graph.append(.gemm, "y", [x, w])]
    // The weight is [[0.5, 2], [1.5, 6]].
    #expect(try Interpreter(graph).run([Tensor([1, 2], [1, 10])])[0].floats() == [15.5, 62])
  }
}
