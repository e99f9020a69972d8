"""The bot as a process of its own, so that it can die as processes die: by `kill -9`, at any moment."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

READY_TIMEOUT_S = 30.0


class BotProcess:
    """`python -m starbot run` in a folder. Each life appends to one log; `start` returns once it listens."""

    def __init__(self, environ: Mapping[str, str], folder: Path, name: str = "bot") -> None:
        self._environ = {**environ, "STARBOT_LOG_LEVEL": "INFO", "PYTHONUNBUFFERED": "1"}
        self._folder = folder
        self._path = folder / f"{name}.log"
        self._log: IO[str] = self._path.open("a", encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Begins a life without waiting for it."""
        self._told = len(self.log)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "starbot", "run"],
            cwd=self._folder,
            env={"PATH": os.environ.get("PATH", ""), **self._environ},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def start(self) -> None:
        """Begins a life; returns once its Socket Mode connection is open."""
        self.launch()
        self.listens()

    def listens(self) -> None:
        """Waits until the Socket Mode connection of this life is open."""
        assert self._process is not None
        deadline = time.monotonic() + READY_TIMEOUT_S
        while "event='listening'" not in self.log[self._told :]:
            ended = self._process.poll()
            assert ended is None, f"the bot ended with {ended}:\n{self.log}"
            assert time.monotonic() < deadline, f"the bot does not listen:\n{self.log}"
            time.sleep(0.01)

    def kill(self) -> None:
        """`kill -9`; returns once the process is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """Asks it to end; returns once it has."""
        assert self._process is not None
        self._process.terminate()
        assert self.ends() == 0, self.log

    def ends(self) -> int:
        """The exit status, once the process has ended by itself."""
        assert self._process is not None
        status = self._process.wait(READY_TIMEOUT_S)
        self._process = None
        return status

    @property
    def number(self) -> str:
        """Under which number the work of this life is stored."""
        return re.findall(r"bot='(\d+)'", self.log[self._told :])[0]

    def close(self) -> None:
        """Kills what may still run."""
        self.kill()
        self._log.close()

    @property
    def log(self) -> str:
        """What all lives have said."""
        return self._path.read_text("utf-8")
