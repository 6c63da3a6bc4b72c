"""A process that outlives us: known again by its number and the moment it started."""

import asyncio
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trunkline.core.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Process:
    """A pid, and the start time that tells it from a later process of the same number."""

    pid: int
    started: str

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return started(self.pid) == self.started

    async def ended(self) -> None:
        """Return when it has ended; it need not be a child of ours."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            if self.alive:
                await _readable(descriptor)
        finally:
            os.close(descriptor)

    async def stop(self, *, within_s: float) -> None:
        """Ask it to end, and kill it when it has not within the time."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if not self.alive:
                return
            try:
                os.kill(self.pid, sign)
                async with asyncio.timeout(within_s):
                    await self.ended()
            except (ProcessLookupError, TimeoutError):
                continue
        if self.alive:
            raise Unavailable(f"process {self.pid} does not end")


def started(pid: int) -> str | None:
    """Return when a process started (the machine's boot, and ticks since), None when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else f"{boot}/{fields[19]}"


async def launch(command: Sequence[str], *, log: Path, umask: int) -> Process:
    """Start a command that lives on without us, in a session of its own, its output added to `log`.

    The command must exec, not fork: the pid is the shell's that became it.
    """
    script = f'umask {umask:o}; "$@" </dev/null >>"$0" 2>&1 & echo $!'
    shell = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        script,
        str(log),
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
        cwd="/",
    )
    output, _ = await shell.communicate()
    pid = int(output)
    return Process(pid, started(pid) or "gone")


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(descriptor, lambda: ready.done() or ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)
