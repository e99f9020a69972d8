"""Processes that the demo starts, watches and ends: none outlives it, whatever happens."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType

TAIL_LINES = 15


class ChildEnded(Exception):
    """A process that should run has ended, or never became ready. `tail` is the end of what it printed."""

    def __init__(self, name: str, what: str, tail: Iterable[str]) -> None:
        self.tail = tuple(tail)
        super().__init__(f"The {name} {what}.")


class Child:
    """`python -m MODULE ARGUMENTS` in a process of its own; ends with its `with` block, and so do its children."""

    def __init__(
        self, name: str, module: str, *arguments: str, folder: Path, environ: Mapping[str, str]
    ) -> None:
        self.name = name
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._news = threading.Condition()
        self._is_silent = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=folder,
            env={**environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name=f"{name}-log", daemon=True)
        self._reader.start()

    def __enter__(self) -> "Child":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Nothing of theirs lasts, so there is nothing to tidy up and no reason to wait.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def says(self, words: str, timeout_s: float) -> str:
        """The newest line with these words, as soon as there is one. ChildEnded if there will be none."""
        with self._news:
            self._news.wait_for(lambda: self._found(words) or self._is_silent, timeout_s)
            found = self._found(words)
        if found:
            return found
        self.check(grace_s=2)
        raise ChildEnded(self.name, f"was not ready in {timeout_s:g} seconds", self._tail)

    def has_said(self, words: str) -> bool:
        """Whether there is such a line among the last ones."""
        with self._news:
            return self._found(words) is not None

    @property
    def tail(self) -> tuple[str, ...]:
        """The last lines that it printed."""
        with self._news:
            return tuple(self._tail)

    def check(self, grace_s: float = 0.0) -> None:
        """ChildEnded if the process has ended, or ends within `grace_s`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = self._process.wait(grace_s)
            self._reader.join(1)
            raise ChildEnded(self.name, f"ended by itself (status {status})", self._tail)

    def _found(self, words: str) -> str | None:
        return next((line for line in reversed(self._tail) if words in line), None)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._news:
                self._tail.append(line.rstrip())
                self._news.notify_all()
        with self._news:
            self._is_silent = True
            self._news.notify_all()
