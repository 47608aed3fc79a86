#!/usr/bin/env bash
# Runs the kernels on another processor: compiles KernelContract, Kernels and the tests of KernelTests in Embedded Swift for 64-bit ARM, links
# them with the driver of Tests/Arm64 against Debian's arm64 C library, and runs the program under qemu. Correctness only. Needs what
# `scripts/bootstrap.sh arm64` installs; everything made is in build/arm64/.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/bootstrap.sh arm64
root=$PWD
work=$root/build/arm64
rm -rf "$work"
mkdir -p "$work/tests"

toolchain=$(dirname "$(dirname "$(readlink -f "$(command -v swiftc)")")")
embedded=(-enable-experimental-feature Embedded -target aarch64-none-none-elf -wmo -parse-as-library -swift-version 6 -package-name netsuke
  -I "$work" -I Tests/Arm64/Glibc -Xcc -isystem -Xcc /usr/aarch64-linux-gnu/include)

# compile MODULE OPTIMIZATION FILE …
compile() {
  local module=$1 level=$2
  shift 2
  swiftc "${embedded[@]}" "$level" -module-name "$module" -emit-module -emit-module-path "$work/$module.swiftmodule" -c -o "$work/$module.o" "$@" ||
    { echo "arm64: $module does not compile for arm64" >&2; exit 1; }
}
sources() { find -L "$1" -name '*.swift' | sort; }

echo 'arm64: compiling'
# shellcheck disable=SC2046
{
  compile Testing -O $(sources Tests/Arm64/Testing)
  compile KernelContract -O $(sources Sources/KernelContract)
  compile Kernels -Ounchecked $(sources Sources/Kernels)
  "${PYTHON:-python3}" scripts/plain-tests.py "$work/tests" $(sources Tests/KernelTests)
  # Not -Ounchecked: an index outside an array of a test must end it.
  compile KernelTests -O Tests/Arm64/Conformance.swift $(sources "$work/tests")
}
"$toolchain/bin/clang" --target=aarch64-linux-gnu -fuse-ld=lld -static -O2 -Wall -Wextra -Werror -isystem /usr/aarch64-linux-gnu/include \
  Tests/Arm64/driver.c "$work"/{KernelTests,Testing,Kernels,KernelContract}.o \
  "$toolchain/lib/swift/embedded/aarch64-none-none-elf/libswiftUnicodeDataTables.a" -lm -o "$work/conformance"

echo 'arm64: running'
qemu-aarch64 "$work/conformance"
