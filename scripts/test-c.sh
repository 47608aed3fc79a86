#!/usr/bin/env bash
# Builds the programs of Tests/C against build/lib (make build) and runs them: what a program in C relies on and Swift cannot show.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -e build/lib/libnetsuke.so ] || make --no-print-directory build
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
model=examples/fashion-mnist/fashion.onnx
for name in allocations sharing; do
  cc -std=gnu11 -O2 -Wall -Wextra -Werror -I build/include "Tests/C/$name.c" build/lib/libnetsuke.so -Wl,-rpath,"$PWD/build/lib" -pthread -o "$work/$name"
  "$work/$name" "$model" "$work"
done
