"""Running other programs, and what the kernel says of a process."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def checked(command: list[str], result: Path) -> None:
    """Runs a converter that is to leave the file `result`; raises RuntimeError with the end of what it said where it does not."""
    result.unlink(missing_ok=True)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
    if done.returncode or not result.exists():
        said = [line.strip() for line in done.stdout.decode(errors="replace").splitlines() if line.strip()]
        raise RuntimeError(f"{Path(command[0]).name} failed ({done.returncode}): {' / '.join(said[-3:])[-300:]}")


def memory(pid: int | str = "self") -> dict[str, int]:
    """Bytes of memory that a process has (resident), of these its own, not a file's (anonymous), and the most since reset_peak (peak)."""
    names = {"VmRSS": "resident", "VmHWM": "peak", "RssAnon": "anonymous"}
    found = {}
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in names:
            found[names[name]] = int(value.split()[0]) * 1024
    return found


def reset_peak() -> None:
    """Makes memory()["peak"] of this process count anew."""
    Path("/proc/self/clear_refs").write_text("5")


def processor_seconds(pid: int) -> float:
    """Seconds of processor time that all threads of a process have taken; in steps of a hundredth."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def busy_seconds() -> float:
    """Seconds that the machine's processors have worked since it started, for whomever."""
    fields = [int(field) for field in Path("/proc/stat").read_text().partition("\n")[0].split()[1:]]
    user, nice, system, _, _, interrupt, soft = fields[:7]
    return (user + nice + system + interrupt + soft) / _TICK
