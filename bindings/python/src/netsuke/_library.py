"""Where the C library that this package carries is, for programs that link it, and what it says about itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from . import _netsuke

_folder = Path(__file__).resolve().parent


def version() -> str:
    """The library's version, such as "0.1.0"."""
    return _netsuke.version()


def build_info() -> dict[str, Any]:
    """What was built in and what the machine offers: version, abi, kernels, methods, machine."""
    info: dict[str, Any] = json.loads(_netsuke.build_info())
    return info


def get_include() -> str:
    """The folder of netsuke.h and netsuke.hpp: `cc -I"$(python -c 'import netsuke; print(netsuke.get_include())')"`."""
    return str(_folder / "include")


def get_library() -> str:
    """The path of libnetsuke.so.1, for linking or dlopen. It needs nothing of Python."""
    return str(_folder / "libnetsuke.so.1")
