"""The Python examples run, as they stand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conftest import CHECKOUT

EXAMPLES = sorted((CHECKOUT / "examples" / "python").glob("*.py"))


def test_there_are_examples() -> None:
    assert EXAMPLES


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_runs(path: Path, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, str(path)], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
