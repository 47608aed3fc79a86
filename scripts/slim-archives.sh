#!/usr/bin/env bash
# Copies the static archives that the library is linked with into a folder, without what it never runs.
#
#   scripts/slim-archives.sh FOLDER SWIFTPROTOBUF-ARCHIVE OBJECT…
#
# * No unwind tables in the toolchain's archives (1.3 MB): nothing is ever thrown through them.
# * What refers to regular expressions refers weakly: they (1.3 MB) come along only if the library's own code uses them.
# * Of FoundationEssentials only `Data`, the one thing SwiftProtobuf needs of it. Data can also read and write files, take URLs and mirror
#   itself; by these functions the linker would draw in calendars, property lists and attributed strings (4.5 MB).
# * Of SwiftProtobuf not the asynchronous sequence of messages and the registry of Any's types, which alone need concurrency and Dispatch.
# * Of the standard library not the names of Unicode's characters ("LATIN SMALL LETTER A").
#
# What is cut is still referred to by functions that nobody calls: files and mirrors of Data, JSON and text of messages, registering types.
# These references lead to one function that stops the process; FOLDER/absent.list has the names. Objects of ours that ask for them are
# refused here; what else of FoundationEssentials needs them fails to link, because the whole archive then defines them a second time.
set -euo pipefail
folder=$1
protobuf=$2
shift 2
tools=$(dirname "$(readlink -f "$(command -v swiftc)")")
toolchain=$(dirname "$tools")/lib/swift_static/linux
data=(Data DataProtocol Collections+DataProtocol Pointers+DataProtocol ContiguousBytes Platform)

# The names that the symbol tables of the given files ask for, or define.
asked() { nm --undefined-only "$@" 2>/dev/null | awk 'NF == 2 { print $2 }' | LC_ALL=C sort -u; }
defined() { nm --defined-only "$@" 2>/dev/null | awk 'NF == 3 { print $3 }' | LC_ALL=C sort -u; }

rm -rf "$folder"
mkdir -p "$folder/data" "$folder/parts"
folder=$(realpath "$folder")

objcopy --remove-section .eh_frame --remove-section .rela.eh_frame --wildcard \
  --weaken-symbol '*17_StringProcessing*' --weaken-symbol '*12_RegexParser*' "$toolchain/libswiftCore.a" "$folder/libswiftCore.a"
(cd "$folder/parts" && ar x "$folder/libswiftCore.a" UnicodeScalarProps.cpp.o)
objcopy --localize-symbol _swift_stdlib_getScalarName "$folder/parts/UnicodeScalarProps.cpp.o"
ar r "$folder/libswiftCore.a" "$folder/parts/UnicodeScalarProps.cpp.o"

(cd "$folder/data" && ar x "$toolchain/libFoundationEssentials.a" "${data[@]/%/.swift.o}")
for member in "$folder"/data/*.o; do objcopy --remove-section .eh_frame --remove-section .rela.eh_frame "$member"; done
ar crs "$folder/libFoundationEssentials.a" "$folder"/data/*.o

# The runtime must not find the sequence either: its entries in the tables of types and of conformances go.
cp "$protobuf" "$folder/libSwiftProtobuf.a"
(cd "$folder/parts" && ar x "$folder/libSwiftProtobuf.a" AsyncMessageSequence.swift.o)
objcopy --remove-section swift5_protocol_conformances --remove-section .relaswift5_protocol_conformances \
  --remove-section swift5_type_metadata --remove-section .relaswift5_type_metadata "$folder/parts/AsyncMessageSequence.swift.o"
ar r "$folder/libSwiftProtobuf.a" "$folder/parts/AsyncMessageSequence.swift.o"

others=(FoundationEssentials _FoundationCollections swift_StringProcessing swift_RegexParser swift_Concurrency swiftDispatch dispatch)
{
  echo _swift_stdlib_getScalarName
  asked "$folder"/data/*.o "$folder/libSwiftProtobuf.a" | LC_ALL=C comm -12 - <(defined $(printf "$toolchain/lib%s.a " "${others[@]}")) |
    LC_ALL=C comm -23 - <(defined "$folder"/{libswiftCore,libFoundationEssentials,libSwiftProtobuf}.a "$@")
} > "$folder/absent.list"
asked "$@" > "$folder/asked.list"
used=$(grep -xF -f "$folder/absent.list" "$folder/asked.list"; grep -E 'SwiftProtobuf.*([Jj][Ss][Oo][Nn]|[Tt]extFormat)' "$folder/asked.list") || true
if [ -n "$used" ]; then
  echo "slim-archives: the library's code uses what is cut; do without it, or keep its archive whole in scripts/slim-archives.sh:" >&2
  swift demangle <<<"$used" >&2
  exit 1
fi
{
  echo '__attribute__((visibility("hidden"))) void netsuke_absent(void) { __builtin_trap(); }'
  awk '{ printf "void absent%d(void) __asm__(\"%s\") __attribute__((alias(\"netsuke_absent\"), visibility(\"hidden\")));\n", NR, $0 }' \
    "$folder/absent.list"
} > "$folder/absent.c"
"$tools/clang" -fPIC -O1 -c "$folder/absent.c" -o "$folder/absent.o"
ar crs "$folder/libabsent.a" "$folder/absent.o"
