import Testing

/// The headers compile alone, in every dialect they promise, without a warning.
@Suite struct HeaderTests {
  static let program = """
    #include <netsuke.h>
    int main(void) {
      nsk_session_options session = NSK_SESSION_OPTIONS_INIT; nsk_compress_options compress = NSK_COMPRESS_OPTIONS_INIT;
      nsk_weights_options weights = NSK_WEIGHTS_OPTIONS_INIT; nsk_run_options run = NSK_RUN_OPTIONS_INIT;
      nsk_conv2d_desc desc = NSK_CONV2D_DESC_INIT; nsk_dataset data = NSK_DATASET_INIT; nsk_value_info info = NSK_VALUE_INFO_INIT;
      nsk_factorize_options factorize = NSK_FACTORIZE_OPTIONS_INIT;
      return session.threads + compress.threads + weights.format + run.threads + desc.layout + (int)data.count + info.rank + factorize.threads;
    }
    """

  static func compiles(_ compiler: String, _ language: String, _ standard: String, _ source: String) -> (output: String, status: Int32) {
    let text = source.replacing("\"", with: "\\\"").replacing("$", with: "\\$")
    return Checkout.run(
      "printf '%s' \"\(text)\" | \(compiler) -x \(language) -std=\(standard) -Wall -Wextra -pedantic -Werror -fsyntax-only -I '\(Checkout.root)/include' -"
    )
  }

  static func exists(_ compiler: String) -> Bool { Checkout.run("command -v \(compiler)").status == 0 }

  @Test(arguments: ["gcc", "clang"], ["c99", "c11", "c17"])
  func c(compiler: String, standard: String) {
    guard HeaderTests.exists(compiler) else { return }
    let result = HeaderTests.compiles(compiler, "c", standard, HeaderTests.program)
    #expect(result.status == 0, "\(result.output)")
  }

  @Test(arguments: ["g++", "clang++"], ["c++11", "c++14", "c++17", "c++20"])
  func cxx(compiler: String, standard: String) {
    guard HeaderTests.exists(compiler) else { return }
    let result = HeaderTests.compiles(compiler, "c++", standard, HeaderTests.program)
    #expect(result.status == 0, "\(result.output)")
  }

  /// Each part includes the whole, whichever a program names first.
  @Test(arguments: ["netsuke_operators.h", "netsuke_tensors.h"])
  func parts(header: String) {
    guard HeaderTests.exists("gcc") else { return }
    let result = HeaderTests.compiles("gcc", "c", "c99", HeaderTests.program.replacing("netsuke.h", with: header))
    #expect(result.status == 0, "\(result.output)")
  }

  @Test(arguments: ["g++", "clang++"], ["c++17", "c++20"])
  func wrapper(compiler: String, standard: String) {
    guard HeaderTests.exists(compiler) else { return }
    let program = """
      #include <netsuke.hpp>
      int main(int argc, char **argv) {
        netsuke::check_abi();
        netsuke::model net = netsuke::model::load(argv[argc - 1]), small = net.compress(\"prune80\");
        netsuke::session session(small), other(netsuke::model::create(\"lenet_5\"));
        const std::vector<float> x(4);
        return (int)session.run(netsuke::view(x, {1, 4})).front().values<float>().size() + (int)small.encode().size();
      }
      """
    let result = HeaderTests.compiles(compiler, "c++", standard, program)
    #expect(result.status == 0, "\(result.output)")
  }

  @Test func aBadHeaderIsFound() {
    guard HeaderTests.exists("gcc") else { return }
    #expect(HeaderTests.compiles("gcc", "c", "c99", "int f(void) { int unused; return 0; }").status != 0)
  }
}
