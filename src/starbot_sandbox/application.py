"""The process under test, if its command was given: killed, started and stopped from the controls."""

import asyncio
import shlex
import sys
from asyncio.subprocess import Process
from typing import Any

STOP_S = 10.0


class Application:
    """One child process."""

    def __init__(self, command: str) -> None:
        self._command = shlex.split(command)
        self._process: Process | None = None

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.returncode is None

    async def act(self, action: str) -> dict[str, Any]:
        """start, stop (SIGTERM, then SIGKILL) or kill (SIGKILL). ValueError for anything else."""
        deeds = {"start": self.start, "stop": self.stop, "kill": self.kill}
        if action not in deeds:
            raise ValueError(f"action must be one of {', '.join(deeds)}")
        await deeds[action]()
        pid = self._process.pid if self._process and self.is_running else None
        return {"ok": True, "running": self.is_running, "pid": pid}

    async def start(self) -> None:
        """Start it, unless it runs."""
        if not self.is_running:
            self._process = await asyncio.create_subprocess_exec(*self._command, stdout=sys.stderr)

    async def stop(self) -> None:
        """Ask it to end; kill it if it does not."""
        if self._process and self.is_running:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), STOP_S)
            except TimeoutError:
                await self.kill()

    async def kill(self) -> None:
        """End it without a word."""
        if self._process and self.is_running:
            self._process.kill()
            await self._process.wait()
