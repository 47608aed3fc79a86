import CNetsuke
import Testing

/// Factorizations and linear algebra as a C program sees them; what they find is tested where it is made.
@Suite struct FactorizationTests {
  /// Rank 1: (1, 2)ᵀ · (3, 4).
  private let matrix: [Float] = [3, 4, 6, 8]

  @Test func factorsMultiplyToTheWeights() {
    var left: [Float] = [9, 9], right: [Float] = [9, 9], error = 9.0
    #expect(nsk_factorize_svd(matrix, 2, 2, nil, 1, nil, &left, &right, &error) == NSK_OK)
    // Two roundings of f32 each.
    for i in 0..<2 { for j in 0..<2 { #expect(abs(left[i] * right[j] - matrix[2 * i + j]) <= 8 * 0x1p-22) } }
    #expect(error < 1e-12)
    var columns: [Float] = [9, 9], rows: [Float] = [9, 9], errors = [9.0]
    #expect(nsk_factorize_separable(matrix, 1, 2, 2, 1, &columns, &rows, &errors) == NSK_OK)
    for i in 0..<2 { for j in 0..<2 { #expect(abs(columns[i] * rows[j] - matrix[2 * i + j]) <= 8 * 0x1p-22) } }
    #expect(errors[0] < 1e-12)
  }

  @Test func aFailureLeavesTheOutputs() {
    var left: [Float] = [9, 9], right: [Float] = [9, 9], error = 9.0
    #expect(nsk_factorize_svd(matrix, 2, 2, nil, 3, nil, &left, &right, &error) == NSK_INVALID_ARGUMENT)
    #expect(nsk_factorize_svd(matrix, 2, 2, nil, 0, nil, &left, &right, &error) == NSK_INVALID_ARGUMENT)
    #expect(nsk_factorize_svd([1, .nan, 3, 4], 2, 2, nil, 1, nil, &left, &right, &error) == NSK_NOT_FINITE)
    #expect(nsk_factorize_svd(matrix, 2, 2, [-1, 0, 0, 1], 1, nil, &left, &right, &error) == NSK_INVALID_ARGUMENT)
    var values = [9.0, 9], vectors = [9.0, 9, 9, 9]
    #expect(nsk_eigh([1, 0, .infinity, 1], 2, &values, &vectors) == NSK_NOT_FINITE)
    #expect(nsk_cholesky([1, 0, 2, 1], 2, &vectors) == NSK_INVALID_ARGUMENT)
    #expect(left == [9, 9] && right == [9, 9] && error == 9 && values == [9, 9] && vectors == [9, 9, 9, 9])
  }

  @Test func progressCancels() {
    var left: [Float] = [9, 9], right: [Float] = [9, 9], core = [Float](repeating: 9, count: 4), error = 9.0
    var options = nsk_factorize_options()
    nsk_factorize_options_init(&options)
    options.progress = { _, _, _, _ in 1 }
    let weights = [Float](repeating: 1, count: 16)
    #expect(nsk_factorize_tucker2(weights, 2, 2, 2, 2, 1, 1, &options, &left, &core, &right, &error) == NSK_CANCELLED)
    #expect(left == [9, 9] && core == [9, 9, 9, 9] && right == [9, 9])
  }

  /// Sizes that no memory could hold, and negative ones as size_t sees them.
  @Test(arguments: [Int.max, Int.min, -1, 1 << 47, Int.max / 4 + 1])
  func absurdSizesAreRefused(size: Int) {
    let doubles = [1.0, 2, 3, 4]
    var floats = matrix, more = matrix, most = matrix, last = matrix, out = doubles, other = doubles, values = doubles, rank = 7
    #expect(nsk_factorize_svd(matrix, size, 2, nil, 1, nil, &floats, &more, nil) == NSK_INVALID_ARGUMENT)
    #expect(nsk_factorize_svd(matrix, 2, 2, nil, size, nil, &floats, &more, nil) == NSK_INVALID_ARGUMENT)
    #expect(nsk_factorize_spatial(matrix, 2, size, 1, 1, 1, nil, &floats, &more, nil) == NSK_INVALID_ARGUMENT)
    #expect(nsk_factorize_separable(matrix, size, 2, 2, 1, &floats, &more, &out) == NSK_INVALID_ARGUMENT)
    #expect(nsk_factorize_channel(matrix, size, 2, 1, 1, nil, &floats, &more, &most, nil) == NSK_INVALID_ARGUMENT)
    #expect(nsk_factorize_tucker2(matrix, 2, 2, size, 1, 1, 1, nil, &floats, &more, &most, nil) == NSK_INVALID_ARGUMENT)
    #expect(nsk_factorize_rank(matrix, size, 2, &rank) == NSK_INVALID_ARGUMENT)
    #expect(nsk_factorize_cp(matrix, 2, 2, 1, 1, size, nil, &floats, &more, &most, &last, nil) == NSK_INVALID_ARGUMENT)
    #expect(nsk_factorize_depthwise(matrix, size, 2, 1, 1, 1, nil, &floats, &more, nil) == NSK_INVALID_ARGUMENT)
    #expect(nsk_dct2(matrix, size, 2, 2, 0, &floats) == NSK_INVALID_ARGUMENT)
    #expect(nsk_svd(doubles, size, 2, &out, &values, &other) == NSK_INVALID_ARGUMENT)
    #expect(nsk_eigh(doubles, size, &values, &out) == NSK_INVALID_ARGUMENT)
    #expect(nsk_cholesky(doubles, size, &out) == NSK_INVALID_ARGUMENT)
    #expect(nsk_lstsq(doubles, 2, 2, doubles, size, &out, &rank) == NSK_INVALID_ARGUMENT)
    #expect(rank == 7)
  }
}
