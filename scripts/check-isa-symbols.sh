#!/bin/sh
# Fails when an object of a kernel module holds a weak function that is not the module's own.
#
#   scripts/check-isa-symbols.sh [object …]        default: .build/*/release/Kernels*.build/*.o
#
# The linker keeps one copy of a weak function, whichever comes first. A generic of the standard library that was specialised inside a kernel
# module is compiled for that module's instruction set; merged into baseline code it would be an illegal instruction on an older processor.
# Functions mangled with the module's own name cannot meet such a twin. The compiler's own __swift_* helpers are let through while they use no
# vector register.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- .build/*/release/Kernels*.build/*.o
failures=0
objects=0
for object in "$@"; do
  if [ ! -e "$object" ]; then
    echo "check-isa-symbols: $object is not there; build the package first" >&2
    exit 2
  fi
  objects=$((objects + 1))
  module=$(basename "$(dirname "$object")" .build)
  own="\$s${#module}${module}"
  for symbol in $(nm "$object" | awk '$2 == "W" || $2 == "w" { print $3 }'); do
    case $symbol in
    "$own"*) continue ;;
    __swift_*)
      if ! objdump -d --no-show-raw-insn --disassemble="$symbol" "$object" | grep -qE '%[yz]mm|\<v[a-z0-9]+ .*%xmm'; then continue; fi
      ;;
    esac
    echo "$object: weak function $symbol" >&2
    failures=$((failures + 1))
  done
done
if [ $failures -gt 0 ]; then
  echo "check-isa-symbols: $failures weak functions in kernel objects; see docs/adding-a-kernel.md" >&2
  exit 1
fi
echo "check-isa-symbols: $objects objects, no foreign weak function"
