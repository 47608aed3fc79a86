"""The harness's end of a worker."""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from pathlib import Path
from typing import Any

from processes import processor_seconds


class WorkerError(Exception):
    """An engine that could not do what it was asked; the message is for the table's footnotes."""


class Connection:
    """One worker process. `python`: the interpreter that has the engine; `environment`: variables beside the harness's own."""

    def __init__(self, engine: str, python: str, cpus: list[int], log: Path, environment: dict[str, str] | None = None) -> None:
        self.engine = engine
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        command = [python, str(Path(__file__).with_name("worker.py")), engine, ",".join(str(cpu) for cpu in cpus)]
        with log.open("w") as said:
            try:
                self.process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, env=os.environ | (environment or {})
                )
            except OSError as error:
                raise WorkerError(f"cannot start {python}: {error}") from None

    def ask(self, do: str, timeout: float = 300, **arguments: Any) -> dict[str, Any]:
        """Sends a command and waits for its answer; raises WorkerError where there is none, or it is an error."""
        assert self.process.stdin
        assert self.process.stdout
        try:
            self.process.stdin.write((json.dumps({"do": do} | arguments) + "\n").encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            raise WorkerError(self._death(do)) from None
        if not select.select([self.process.stdout], [], [], timeout)[0]:
            self.process.kill()
            raise WorkerError(f"{do}: no answer in {timeout:.0f} s")
        line = self.process.stdout.readline()
        if not line:
            raise WorkerError(self._death(do))
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise WorkerError(f"{do}: {answer['error']}")
        return answer

    def _death(self, do: str) -> str:
        status = self.process.wait()
        said = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        return f"{do}: the process {how}" + (f" ({said[-1].strip()[:200]})" if said else "")

    def processor_seconds(self) -> float:
        return processor_seconds(self.process.pid)

    def quieten(self, most: float = 0.5) -> None:
        """Waits until the threads that a run left spinning have gone to sleep."""
        end = time.monotonic() + most
        schedule = Path(f"/proc/{self.process.pid}/task")
        before = -1
        while time.monotonic() < end:
            try:
                now = sum(int((task / "schedstat").read_text().split()[0]) for task in schedule.iterdir())
            except OSError:  # a thread, or the process, went away meanwhile
                now = -2
            if now == before:
                return
            before = now
            time.sleep(0.012)  # longer than the step in which the kernel counts

    def close(self) -> None:
        if self.process.poll() is None:
            assert self.process.stdin
            try:
                self.process.stdin.close()
                self.process.wait(10)
            except (OSError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
