#!/usr/bin/env bash
# Runs the named parts (swift, c, python, examples, lint), all of them even when one fails; prints what failed or was skipped, each
# part's closing line, and the totals. Everything that was said is in build/test-logs/.
set -uo pipefail
cd "$(dirname "$0")/.."
logs=build/test-logs
mkdir -p "$logs"
passed=0 failed=0 skipped=0

heading() { printf '\n== %s\n' "$1"; }
# The first number that stands before the word $2 in the text $1, or 0.
number_before() { grep -oE "[0-9]+ $2" <<<"$1" | head -n 1 | grep -oE '^[0-9]+' || echo 0; }

test_swift() {
  heading 'Swift tests'
  local log=$logs/swift.log closing bad
  if ! swift build -c release --build-tests >"$log" 2>&1; then
    grep -E 'error' "$log" | head -n 40
    failed=$((failed + 1))
    return
  fi
  swift test -c release --skip-build --disable-xctest >"$log" 2>&1
  local status=$?
  # Failures, what was skipped, and the table of lines per file; thousands of lines say that something passed.
  grep -E '^(✘|➜)|error:|^(folder|all) {2,}|Fatal error|crash' "$log" | grep -v -E '^➜ Test run'
  closing=$(grep -E 'Test run with [0-9]+ test' "$log" | tail -n 1)
  echo "${closing:-the Swift tests ended without a closing line, status $status; see $log}"
  bad=$(grep -cE '^✘ Test .*failed after' "$log")
  local missed
  missed=$(grep -cE '^➜ Test .*skipped' "$log")
  [ $status -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
  [ -z "$closing" ] && { tail -n 30 "$log"; [ "$bad" -eq 0 ] && bad=1; }
  failed=$((failed + bad))
  skipped=$((skipped + missed))
  passed=$((passed + $(number_before "$closing" tests?) - bad - missed))
}

test_python() {
  heading 'Python tests'
  local log=$logs/python.log closing
  .venv/bin/python -m pytest -ra --color=no bindings/python/tests 2>&1 | tee "$log"
  local status=${PIPESTATUS[0]}
  closing=$(tail -n 1 "$log")
  local bad
  bad=$(($(number_before "$closing" failed) + $(number_before "$closing" errors?)))
  [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
  failed=$((failed + bad))
  skipped=$((skipped + $(number_before "$closing" skipped)))
  passed=$((passed + $(number_before "$closing" passed)))
}

# A script that is one test: what it says is shown when it fails.
test_script() {
  local name=$1 log=$logs/$1.log
  shift
  heading "$name"
  if "$@" >"$log" 2>&1; then
    tail -n 12 "$log"
    passed=$((passed + 1))
  else
    tail -n 60 "$log"
    failed=$((failed + 1))
  fi
}

for part in "$@"; do
  case $part in
    swift) test_swift ;;
    python) test_python ;;
    c) test_script c scripts/test-c.sh ;;
    examples) test_script examples scripts/test-examples.sh ;;
    lint) test_script lint scripts/lint.sh ;;
    *) echo "unknown part '$part'" >&2; exit 2 ;;
  esac
done

printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
