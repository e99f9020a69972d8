"""The process under test, if its command was given: killed, started and stopped from the controls."""

import asyncio
import shlex
import shutil
import sys
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any

STOP_S = 10.0


class Application:
    """One child process, which works in `folder` (default: where the sandbox does) and is started by a control.

    What it writes into that folder is its memory: `fresh` starts it without.
    """

    def __init__(self, command: str, folder: Path | None = None) -> None:
        self._command = shlex.split(command)
        self._folder = folder
        self._given: set[Path] = set()
        self._process: Process | None = None
        self._is_ended = False

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.returncode is None

    def shown(self) -> dict[str, Any]:
        """Its state: `status` is how it ended, and `by_itself` whether nobody asked it to."""
        status = self._process.returncode if self._process else None
        by_itself = status is not None and not self._is_ended
        pid = self._process.pid if self._process and self.is_running else None
        return {"running": self.is_running, "pid": pid, "status": status, "by_itself": by_itself}

    async def act(self, action: str) -> dict[str, Any]:
        """start, stop (SIGTERM, then SIGKILL), kill (SIGKILL), or fresh. ValueError for anything else."""
        deeds = {"start": self.start, "stop": self.stop, "kill": self.kill, "fresh": self.fresh}
        if action not in deeds:
            raise ValueError(f"action must be one of {', '.join(deeds)}")
        await deeds[action]()
        return {"ok": True, "running": self.is_running, "pid": self.shown()["pid"]}

    async def start(self) -> None:
        """Start it, unless it runs."""
        if not self.is_running:
            if self._process is None and self._folder:
                self._given = set(self._folder.iterdir())
            self._is_ended = False
            self._process = await asyncio.create_subprocess_exec(
                *self._command, cwd=self._folder, stdout=sys.stderr
            )

    async def stop(self) -> None:
        """Ask it to end; kill it if it does not."""
        if self._process and self.is_running:
            self._is_ended = True
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), STOP_S)
            except TimeoutError:
                await self.kill()

    async def kill(self) -> None:
        """End it without a word."""
        if self._process and self.is_running:
            self._is_ended = True
            self._process.kill()
            await self._process.wait()

    async def fresh(self) -> None:
        """Kill it, take away what it has written into its folder, start it again. ValueError without a folder."""
        if self._folder is None:
            raise ValueError("the sandbox was started without --app-folder")
        await self.kill()
        for path in set(self._folder.iterdir()) - self._given:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        await self.start()
