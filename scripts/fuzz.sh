#!/usr/bin/env bash
# Feeds damaged .nsk and ONNX files to the readers: under AddressSanitizer, then without it to hold the memory to its bound.
#
#   scripts/fuzz.sh [files of each format, default 10000] [seed, default 1]
#
# A crash or a hang leaves the number of the file in .build-asan/last; the same seed makes the same files again.
set -euo pipefail
cd "$(dirname "$0")/.."
count=${1:-10000}
# What the test runner itself leaks is not our matter.
export ASAN_OPTIONS=detect_leaks=0
export NETSUKE_FUZZ_COUNT=$count NETSUKE_FUZZ_SEED=${2:-1} NETSUKE_FUZZ_LAST="$PWD/.build-asan/last"

run() {
  if ! swift test -c release --skip-build --disable-xctest --filter FileFuzzTests "$@" 2>&1 | tee .build-asan/log | grep -E '^fuzz:|✘|ERROR|Fatal|issue'; then :; fi
  if ! grep -q 'Test run with .* passed' .build-asan/log; then
    tail -n 60 .build-asan/log
    echo "fuzz: failed at $(cat .build-asan/last); .build-asan/log has the whole output" >&2
    exit 1
  fi
}

mkdir -p .build-asan
echo "fuzz: building with AddressSanitizer"
swift build -c release --build-tests --sanitize=address --scratch-path .build-asan >.build-asan/build.log 2>&1 || { cat .build-asan/build.log; exit 1; }
run --sanitize=address --scratch-path .build-asan
echo "fuzz: building without, for the memory"
swift build -c release --build-tests >.build-asan/build.log 2>&1 || { cat .build-asan/build.log; exit 1; }
NETSUKE_FUZZ_MEMORY=1 NETSUKE_FUZZ_COUNT=$(((count + 4) / 5)) run
