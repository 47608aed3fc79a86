#!/usr/bin/env bash
# Builds every example as its first lines say, against an installation in a folder of its own, runs it and compares what is printed:
# C through dlopen, C linked through pkg-config, C++ through CMake, and Python must give the same bits.
# Needs build/lib (make build); the Python part needs the package installed in .venv and is skipped without it.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
model=examples/fashion-mnist/fashion.onnx
flags="-O2 -Wall -Wextra -pedantic -Werror"

say() { printf 'examples: %s\n' "$*"; }
fail() { say "$*" >&2; exit 1; }
# The line of file $1 that begins with "$2:", without that.
line() { sed -n "s/^$2: *//p" "$1"; }
same() { [ -n "$2" ] && [ "$2" = "$3" ] || fail "$1 differ:
$2
$3"; say "$1: the same bits"; }

[ -e build/lib/libnetsuke.so ] || make --no-print-directory build
scripts/install-library.sh "$prefix"
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib

say 'C, dlopen'
cc -std=c99 $flags -I "$prefix/include" examples/c/run_dlopen.c -ldl -o "$work/run_dlopen"
"$work/run_dlopen" "$prefix/lib/libnetsuke.so" "$model" > "$work/dlopen.txt"
grep -q '^largest: [0-9]$' "$work/dlopen.txt" || fail "run_dlopen printed: $(cat "$work/dlopen.txt")"

say 'C, pkg-config'
# shellcheck disable=SC2046,SC2086
cc -std=c99 $flags examples/c/run_linked.c $(pkg-config --cflags --libs netsuke) -o "$work/run_linked"
"$work/run_linked" "$model" prune80 "$work/small.nsk" > "$work/linked.txt"
[ $(($(stat -c %s "$work/small.nsk") * 2)) -lt "$(stat -c %s $model)" ] || fail 'the pruned file is not half as large'
same 'outputs of run_dlopen and run_linked' "$(line "$work/dlopen.txt" output)" "$(line "$work/linked.txt" before)"
"$work/run_dlopen" "$prefix/lib/libnetsuke.so" "$work/small.nsk" > "$work/small.txt"
same 'the pruned model in memory and from its file' "$(line "$work/small.txt" output)" "$(line "$work/linked.txt" after)"

say 'C++, CMake'
cmake -S examples/cpp -B "$work/cpp" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_FLAGS="-Wall -Wextra" > "$work/cmake.log" || fail "$(cat "$work/cmake.log")"
cmake --build "$work/cpp" >> "$work/cmake.log" 2>&1 || fail "$(cat "$work/cmake.log")"
"$work/cpp/run_model" "$model" int8 > "$work/model.txt"
same 'outputs of C and C++' "$(line "$work/dlopen.txt" output)" "$(line "$work/model.txt" output)"
"$work/cpp/replace_layer"

if .venv/bin/python -c 'import netsuke' 2>/dev/null; then
  say 'Python'
  .venv/bin/python - "$model" "$work/small.nsk" > "$work/python.txt" <<'PYTHON'
import sys

import numpy as np

import netsuke

x = ((np.arange(784, dtype=np.uint32) * np.uint32(2654435761)) >> 16).astype(np.float32) / np.float32(65536)
for name, path in zip(("output", "small"), sys.argv[1:], strict=True):
    with netsuke.load(path).session(threads=1) as session:
        print(f"{name}:", *(f"{value:.9g}" for value in session.run(x.reshape(1, 1, 28, 28)).ravel().tolist()))
PYTHON
  same 'outputs of C and Python' "$(line "$work/dlopen.txt" output)" "$(line "$work/python.txt" output)"
  same 'outputs of C and Python, pruned' "$(line "$work/small.txt" output)" "$(line "$work/python.txt" small)"
  python=$PWD/.venv/bin/python
  for example in "$PWD"/examples/python/*.py; do
    (cd "$work" && "$python" "$example" > "$work/example.txt" 2>&1) || fail "$example failed: $(tail -n 20 "$work/example.txt")"
    say "$(basename "$example"): $(tail -n 1 "$work/example.txt")"
  done
else
  say 'Python: skipped, the package is not in .venv (make wheel)'
fi
say 'all done'
