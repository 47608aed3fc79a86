#!/usr/bin/env python3
"""Where the bytes of build/lib/libnetsuke.so come from.

    scripts/library-size.py [NAME]

Bytes by section, then by module and archive; with NAME (a module such as Formats, or an archive such as libswiftCore.a) its
objects too. Reads build/netsuke.map, which scripts/build-library.sh leaves. Relocations and unwind tables are the linker's own
work: they stand among the sections only.
"""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

BUILD = Path(__file__).resolve().parent.parent / "build"
LEAST = 1000  # bytes worth a line
NOT_IN_THE_FILE = (".debug", ".comment", ".symtab", ".strtab", ".bss", ".tbss")


def sections(library):
    """The bytes of each section that is in the file."""
    table = subprocess.run(["readelf", "-SW", library], capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^ +\[ *\d+\] (\S+) +([A-Z0-9_]+) +[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+)", table, re.M)
    return Counter({name: int(size, 16) for name, kind, size in rows if kind != "NOBITS"})


def pieces(link_map):
    """(module or archive, object, bytes) for each piece that the linker placed."""
    with open(link_map, errors="replace") as lines:
        for line in lines:
            if line.startswith("Memory map"):
                break
        section = ""
        for line in lines:
            if alone := re.match(r" (\S+)\s*$", line):  # a long name stands on a line of its own
                section = alone[1]
            elif found := re.match(r" (\S+)?\s+0x[0-9a-f]+\s+0x([0-9a-f]+)\s+(\S*[/.]\S*)\s*$", line):
                section = found[1] or section
                if not section.startswith(NOT_IN_THE_FILE):
                    path = found[3]
                    if archived := re.search(r"([^/]+)\(([^)]+)\)$", path):
                        yield archived[1], archived[2], int(found[2], 16)
                    else:
                        module = re.search(r"(\w+)\.build/", path)
                        name = Path(path).name
                        yield module[1] if module else name, name, int(found[2], 16)


def show(title, sizes):
    print(f"\n{title}")
    for name, size in sizes.most_common():
        if size >= LEAST:
            print(f"{size:12,}  {name}")


def main():
    library, link_map = BUILD / "lib/libnetsuke.so", BUILD / "netsuke.map"
    if not link_map.exists():
        sys.exit("there is no build/netsuke.map; run make build first")
    groups, objects = Counter(), Counter()
    for group, name, size in pieces(link_map):
        groups[group] += size
        if group in sys.argv[1:]:
            objects[name] += size
    print(f"{library.resolve().stat().st_size:12,}  {library.resolve().name}")
    show("by section", sections(library))
    show("by module and archive", groups)
    if len(sys.argv) > 1:
        show(f"by object of {' '.join(sys.argv[1:])}", objects)


if __name__ == "__main__":
    main()
