import Graph
import Reference
import Tensors
import Testing

@Test func everyOperatorHasOneSchemaAndOneReference() {
  for op in Operator.allCases {
    #expect(Schema.all.filter { $0.op == op }.count == 1, "\(op.rawValue)")
    #expect(ReferenceOperator.all.filter { $0.op == op }.count == 1, "\(op.rawValue)")
  }
}
