"""What the README shows works as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import netsuke
from conftest import CHECKOUT

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like the checkout, to run and to write in."""
    (tmp_path / "examples").symlink_to(CHECKOUT / "examples")
    return tmp_path


def run(command: list[str], folder: Path) -> str:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_python_quick_start(folder: Path) -> None:
    (code,) = blocks("python")
    assert "in all" in run([sys.executable, "-c", code], folder)
    assert (folder / "small.nsk").exists()


def test_the_command_lines(folder: Path) -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("netsuke ")]
    assert len(lines) >= 6
    for line in lines:
        assert run(["sh", "-c", line], folder)


@pytest.mark.parametrize(("language", "compiler"), [("c", "cc"), ("cpp", "c++")])
def test_the_programs(language: str, compiler: str, folder: Path) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no {compiler}")
    (code,) = blocks(language)
    source = folder / f"main.{language}"
    source.write_text(code)
    library = Path(netsuke.get_library())
    command = [compiler, "-Wall", "-Wextra", "-Werror", str(source), "-o", "main", f"-I{netsuke.get_include()}"]
    run([*command, str(library), f"-Wl,-rpath,{library.parent}"], folder)
    float(run(["./main"], folder))


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in (CHECKOUT / "docs").glob("*.md"))])
def test_links_lead_somewhere(page: str) -> None:
    text = (CHECKOUT / page).read_text(encoding="utf-8")
    folder = (CHECKOUT / page).parent
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (folder / target).exists(), f"{page} links to {target}"


def test_make_knows_its_commands() -> None:
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    for command in re.findall(r"^make ([a-z-]+)", README, re.MULTILINE):
        assert re.search(rf"^{command}:", makefile, re.MULTILINE), command
