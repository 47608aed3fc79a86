#!/usr/bin/env bash
# Builds the shared library: build/lib/libnetsuke.so (link) -> libnetsuke.so.1 (link) -> libnetsuke.so.1.MINOR.PATCH, build/include/.
#
# The Swift standard library is linked in, so that the result needs libc, libm, libstdc++ and libgcc_s only; nothing but nsk_* is
# exported; the library is never unloaded (the Swift runtime does not come back from dlclose). The flags stand here and not in the
# manifest, where they would reach the test bundles too; hence also the build folder of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

version_part() { sed -n "s/^#define NSK_VERSION_$1 \([0-9]*\)$/\1/p" include/netsuke.h; }
abi=$(sed -n 's/^#define NSK_ABI_VERSION \([0-9]*\)$/\1/p' include/netsuke.h)
soname=libnetsuke.so.$abi
file=$soname.$(version_part MINOR).$(version_part PATCH)

swift build -c release --product netsuke --scratch-path .build-release \
  -Xswiftc -static-stdlib \
  -Xlinker "--version-script=$root/packaging/netsuke.map" \
  -Xlinker "-soname=$soname" \
  -Xlinker --gc-sections -Xlinker -s -Xlinker -z -Xlinker nodelete -Xlinker -z -Xlinker defs "$@"

built=$(swift build -c release --scratch-path .build-release --show-bin-path)/libnetsuke.so
mkdir -p build/lib build/include
rm -f build/lib/libnetsuke.so*
cp "$built" "build/lib/$file"
ln -s "$file" "build/lib/$soname"
ln -s "$soname" build/lib/libnetsuke.so
for header in netsuke.h netsuke.hpp module.modulemap; do
  if [ -e "include/$header" ]; then cp "include/$header" build/include/; fi
done
echo "build/lib/$file: $(stat -c %s "build/lib/$file") bytes"
