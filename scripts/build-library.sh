#!/usr/bin/env bash
# Builds the shared library: build/lib/libnetsuke.so (link) -> libnetsuke.so.1 (link) -> libnetsuke.so.1.MINOR.PATCH, build/include/.
# Arguments go to `swift build`.
#
# Swift's libraries are linked in, so that the result needs libc, libm, libstdc++ and libgcc_s only; nothing but nsk_* is exported; the
# library is never unloaded (the Swift runtime does not come back from dlclose). The flags stand here and not in the manifest, where
# they would reach the test bundles too; hence also the build folder of its own.
#
# SwiftPM compiles; the link is done here once more, to stay small: SwiftProtobuf goes in as an archive, so that parts nobody needs stay
# out; scripts/slim-archives.sh cuts the archives to what is used; and identical functions become one. build/netsuke.map says where every
# byte comes from: scripts/library-size.py reads it (docs/architecture.md, "The library's bytes").
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

version_part() { sed -n "s/^#define NSK_VERSION_$1 \([0-9]*\)$/\1/p" include/netsuke.h; }
soname=libnetsuke.so.$(sed -n 's/^#define NSK_ABI_VERSION \([0-9]*\)$/\1/p' include/netsuke.h)
file=$soname.$(version_part MINOR).$(version_part PATCH)

flags=(-c release --scratch-path .build-release -Xswiftc -static-stdlib)
swift build --product netsuke "${flags[@]}" "$@"
binaries=$(swift build --show-bin-path "${flags[@]}")

objects=$binaries/netsuke.product/Objects.LinkFileList
own=$binaries/netsuke-own.list
archive=$binaries/libSwiftProtobuf-parts.a
grep -v '/SwiftProtobuf\.build/' "$objects" > "$own"
rm -f "$archive"
grep '/SwiftProtobuf\.build/' "$objects" | tr -d "'\"" | xargs ar crs "$archive"

slim=$binaries/slim
scripts/slim-archives.sh "$slim" "$archive" $(tr -d "'\"" < "$own")

mkdir -p build/lib
rm -f build/lib/libnetsuke.so*
swiftc -emit-library -static-stdlib -o "build/lib/$file" "@$own" -use-ld=gold \
  -Xlinker --start-group "$slim"/*.a -Xlinker --end-group \
  -Xlinker "--version-script=$root/packaging/netsuke.map" -Xlinker "-soname=$soname" \
  -Xlinker --gc-sections -Xlinker --icf=safe -Xlinker -s -Xlinker -z -Xlinker nodelete -Xlinker -z -Xlinker defs \
  -Xlinker -Map=build/netsuke.map
ln -s "$file" "build/lib/$soname"
ln -s "$soname" build/lib/libnetsuke.so
rm -rf build/include
mkdir build/include
cp include/*.h include/*.hpp include/module.modulemap build/include/
echo "build/lib/$file: $(stat -c %s "build/lib/$file") bytes"
