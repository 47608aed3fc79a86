#!/usr/bin/env bash
# Installs what build-library.sh made below a folder: lib/, include/, lib/pkgconfig/netsuke.pc, lib/cmake/netsuke/. The folder may
# be moved afterwards: nothing inside knows where it stands.
#
#   scripts/install-library.sh /usr/local
set -euo pipefail
prefix=${1:?give the folder to install below}
case $prefix in /*) ;; *) prefix=$PWD/$prefix ;; esac
cd "$(dirname "$0")/.."
[ -e build/lib/libnetsuke.so ] || { echo 'there is no build/lib/libnetsuke.so; run make build first' >&2; exit 1; }

part() { sed -n "s/^#define NSK_VERSION_$1 \([0-9]*\)$/\1/p" build/include/netsuke.h; }
version=$(part MAJOR).$(part MINOR).$(part PATCH)
fill_in() { sed "s/@VERSION@/$version/" "$1" > "$2"; }

install -d "$prefix/lib/pkgconfig" "$prefix/lib/cmake/netsuke" "$prefix/include"
for file in build/lib/libnetsuke.so*; do
  # Beside and then over it: a running program keeps the library it has mapped.
  cp -P "$file" "$prefix/lib/.$(basename "$file").new"
  mv -f "$prefix/lib/.$(basename "$file").new" "$prefix/lib/$(basename "$file")"
done
install -m 644 build/include/*.h build/include/*.hpp "$prefix/include/"
fill_in packaging/netsuke.pc.in "$prefix/lib/pkgconfig/netsuke.pc"
fill_in packaging/netsukeConfigVersion.cmake.in "$prefix/lib/cmake/netsuke/netsukeConfigVersion.cmake"
install -m 644 packaging/netsukeConfig.cmake "$prefix/lib/cmake/netsuke/"
echo "installed netsuke $version below $prefix"
