#!/usr/bin/env bash
# Looks for races: builds the library and Tests/C/sharing.c with ThreadSanitizer and runs four threads on one model. A report is a failure, and
# so is its absence where the program makes a race on purpose.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=.build-tsan
libraries=$(dirname "$(dirname "$(readlink -f "$(command -v swiftc)")")")/lib/swift/linux
# A forked child starts threads of its own, which the sanitizer would end.
export TSAN_OPTIONS=die_after_fork=0

mkdir -p $scratch
echo 'threads: building with ThreadSanitizer'
swift build -c release --product netsuke --sanitize=thread --scratch-path $scratch >$scratch/build.log 2>&1 || { cat $scratch/build.log; exit 1; }
clang -std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=thread -I include Tests/C/sharing.c $scratch/release/libnetsuke.so -pthread \
  -L "$libraries" -ldispatch -lBlocksRuntime -Wl,-rpath,"$PWD/$scratch/release:$libraries" -o $scratch/sharing

echo 'threads: running'
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
if ! $scratch/sharing examples/fashion-mnist/fashion.onnx "$files" >$scratch/log 2>&1; then
  head -n 200 $scratch/log
  echo "threads: failed, $(grep -c 'WARNING: ThreadSanitizer' $scratch/log || true) reports; $scratch/log has all of them" >&2
  exit 1
fi
cat $scratch/log
if $scratch/sharing examples/fashion-mnist/fashion.onnx "$files" race >$scratch/race.log 2>&1 || ! grep -q 'ThreadSanitizer: data race' $scratch/race.log; then
  echo 'threads: a race made on purpose was not reported' >&2
  exit 1
fi
echo 'threads: no report, and one where there is a race'
