"""What the package carries: the library, the headers, the types; and that they work without Python."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import netsuke
from conftest import CHECKOUT

WHEELS = sorted((CHECKOUT / "build" / "wheels").glob("netsuke-*.whl"))


@pytest.mark.skipif(not WHEELS, reason="no wheel was built; make wheel builds it")
def test_the_wheel_is_complete() -> None:
    names = set(zipfile.ZipFile(WHEELS[0]).namelist())
    assert {
        "netsuke/__init__.py",
        "netsuke/_netsuke.pyi",
        "netsuke/py.typed",
        "netsuke/libnetsuke.so.1",
        "netsuke/include/netsuke.h",
        "netsuke/include/netsuke_operators.h",
        "netsuke/include/netsuke_tensors.h",
        "netsuke/include/netsuke.hpp",
        "netsuke/cli/__init__.py",
    } <= names
    assert any(name.startswith("netsuke/_netsuke.") and name.endswith(".so") for name in names)
    assert not [name for name in names if "tests/" in name or name.endswith((".cpp", ".pyc"))]


def test_the_versions_agree() -> None:
    from importlib.metadata import version

    assert netsuke.__version__ == netsuke.version() == version("netsuke") == netsuke.build_info()["version"]


def needed(path: Path) -> set[str]:
    listing = subprocess.run(["readelf", "-d", str(path)], capture_output=True, text=True, check=True).stdout
    return {line.split("[")[1].split("]")[0] for line in listing.splitlines() if "(NEEDED)" in line}


def test_nothing_but_the_system_is_needed() -> None:
    system = {"libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2"}
    assert needed(Path(netsuke.get_library())) <= system
    extension = next(Path(netsuke.get_library()).parent.glob("_netsuke.*.so"))
    assert needed(extension) <= system | {"libnetsuke.so.1"}


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_a_c_program_links_the_packages_library(tmp_path: Path) -> None:
    source = tmp_path / "version.c"
    source.write_text("#include <netsuke.h>\n#include <stdio.h>\nint main(void) { puts(nsk_version()); return 0; }\n")
    program = tmp_path / "version"
    library = Path(netsuke.get_library())
    command = ["cc", str(source), "-o", str(program), f"-I{netsuke.get_include()}", str(library), f"-Wl,-rpath,{library.parent}"]
    subprocess.run(command, check=True)
    assert subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout.strip() == netsuke.version()


def test_importing_is_quiet_and_light() -> None:
    """No thread, no numpy, no output, until they are asked for."""
    code = "import sys, threading, os, netsuke; print('numpy' in sys.modules, 'rich' in sys.modules, len(os.listdir('/proc/self/task')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "1"]
    assert done.stderr == ""


def test_running_without_numpy(linear_bytes: bytes, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(linear_bytes)
    code = (
        "import sys; sys.modules['numpy'] = None\n"
        "import netsuke, array\n"
        "session = netsuke.load(sys.argv[1]).session()\n"
        "y = session.run(memoryview(array.array('f', [1, 2, 3])).cast('B').cast('f', (1, 3)))\n"
        "print(memoryview(y).tolist())\n"
        "try: session.run([[1, 2, 3]])\n"
        "except TypeError as error: print('numpy' in str(error))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "net.onnx")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["[[32.0, 48.0]]", "True"]
