"""Keeps PostgreSQL, Asterisk and the service running: starts them, restarts what dies, ends all of them together.

Each part is a process in a session of its own. The death of one leaves the others up; our own `kill -9` leaves all of
them up, and the next supervisor adopts the two servers and replaces the service.
"""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from trunkline.cli.progress import Progress, Report
from trunkline.cli.spare import Spare
from trunkline.core.errors import TrunklineFault, Unavailable
from trunkline.processes import Process, noted, spawn
from trunkline.settings import Settings

log = logging.getLogger(__name__)

_READY_WITHIN_S = 45.0
_PATIENCE_S = 10.0
_HASTE_S = 0.5
_SLOWEST_RESTART_S = 15.0
_STEADY_AFTER_S = 30.0
_SPARE_AFTER_S = 3.0
"""So long after a start the next service is made ready: until then the processor is for this one."""
_LONGEST_LEASE_S = 5.0
"""Who stands by longer than this does not wait for the lease of a process that died, but beside one that serves."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part that runs: how to learn of its end, to end it in peace, and to end it at once."""

    ended: Callable[[], Awaitable[None]]
    stop: Callable[[], Awaitable[None]]
    kill: Callable[[], None]


Start = Callable[[Report], Awaitable[Part]]


class Supervisor:
    """Starts the parts in order, restarts what dies with back-off, ends them in the opposite order."""

    def __init__(self, progress: Progress, starts: dict[str, Start]) -> None:
        self._progress = progress
        self._starts = starts
        self._running: dict[str, Part] = {}
        self._hurry = asyncio.Event()

    def hurry(self) -> None:
        """Be quick about the end: whoever has not ended yet is killed."""
        self._hurry.set()

    async def start(self) -> None:
        """Start every part; what came up before one failed is left to `stop`."""
        for title, begin in self._starts.items():
            with self._progress.step(title) as report:
                self._running[title] = await begin(report)

    async def keep(self) -> None:
        """Restart whatever dies; works until cancelled."""
        async with asyncio.TaskGroup() as group:
            for title in self._starts:
                group.create_task(self._keep(title))

    async def _keep(self, title: str) -> None:
        pause_s = 0.2
        while True:
            since = time.monotonic()
            await self._running[title].ended()
            steady = time.monotonic() - since > _STEADY_AFTER_S
            pause_s = 0.2 if steady else min(pause_s * 2, _SLOWEST_RESTART_S)
            self._progress.tell(f"! {title} has died; starting it again")
            while True:
                await asyncio.sleep(pause_s)
                try:
                    with self._progress.step(title) as report:
                        self._running[title] = await self._starts[title](report)
                    break
                except (TrunklineFault, OSError) as fault:
                    self._progress.tell(f"! {title}: {fault}")
                    pause_s = min(pause_s * 2, _SLOWEST_RESTART_S)

    async def stop(self) -> None:
        """End what we started or adopted, the service first; by force once `hurry` is called."""
        for title, part in reversed(self._running.items()):
            with self._progress.step(f"Stopping {title}"):
                await self._stop(part)

    async def _stop(self, part: Part) -> None:
        ending = asyncio.ensure_future(part.stop())
        hurry = asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait({ending, hurry}, return_when=asyncio.FIRST_COMPLETED)
        if not ending.done():
            part.kill()
        hurry.cancel()
        await ending


class Services:
    """Starts `trunkline serve`, one after the other, and keeps the next one ready."""

    def __init__(self, settings: Settings, environment: dict[str, str]) -> None:
        self._settings = settings
        self._environment = environment
        self._spare: Spare | None = None
        self._preparing: asyncio.Task[None] | None = None

    async def start(self, report: Report) -> Part:
        """Start one and wait until it is ready, or stands by beside another; else raises Unavailable."""
        settings = self._settings
        left_over = noted(settings.run_dir / "service.pid")
        if left_over is not None:
            report(f"ending the service that an earlier run left (process {left_over.pid})")
            await left_over.stop(patience_s=_PATIENCE_S)
        out_path = settings.log_dir / "service.out"
        began_at = out_path.stat().st_size if out_path.exists() else 0
        process = self._begun(out_path)
        async with process.brought_up(patience_s=_HASTE_S):
            try:
                state = await _until_up(settings, process, report)
            except TimeoutError:
                raise Unavailable(
                    f"the service was not ready within {_READY_WITHIN_S:.0f} s; see {settings.log_file}"
                ) from None
            except Unavailable:
                raise Unavailable(f"the service ended while it started:\n{_tail(out_path, began_at)}") from None
        report(f"{state} at {settings.url}")
        self._preparing = asyncio.create_task(self._prepare_later())

        async def stop() -> None:
            self.dismiss()
            await process.stop()

        return Part(process.ended, stop, lambda: process.send(signal.SIGKILL))

    def prepare(self) -> None:
        """Have the next one ready."""
        self.dismiss()
        with (self._settings.log_dir / "service.out").open("ab") as out:
            self._spare = Spare.made(out, self._environment)

    def dismiss(self) -> None:
        """Have no next one ready."""
        if self._preparing is not None:
            self._preparing.cancel()
        if self._spare is not None:
            self._spare.dismiss()
        self._preparing = self._spare = None

    def _begun(self, out_path: Path) -> Process:
        """Return the next one, which has begun."""
        spare, self._spare = self._spare, None
        self.dismiss()
        if spare is not None and spare.begin():
            return spare.process
        out_path.parent.mkdir(parents=True, exist_ok=True)
        with out_path.open("ab") as out:
            return spawn([sys.executable, "-m", "trunkline", "serve"], out=out, env={**os.environ, **self._environment})

    async def _prepare_later(self) -> None:
        await asyncio.sleep(_SPARE_AFTER_S)
        self._preparing = None
        try:
            self.prepare()
        except OSError as fault:
            log.warning("the next service could not be made ready", extra={"why": str(fault)})


async def _until_up(settings: Settings, process: Process, report: Report) -> str:
    """Return how it is up: `ready`, or `standing by`."""
    lacking, standing_by_since = "", time.monotonic()
    async with asyncio.timeout(_READY_WITHIN_S), aiohttp.ClientSession() as session:
        while True:
            if not process.alive:
                await process.ended()
                raise Unavailable("ended")
            parts = await healthz(session, settings)
            if parts is not None and not (waiting_for := lacking_parts(parts)):
                return "ready"
            if parts is None or not stands_by(parts):
                standing_by_since = time.monotonic()
            elif time.monotonic() - standing_by_since > _LONGEST_LEASE_S:
                return "standing by"
            if parts is not None and waiting_for != lacking:
                lacking = waiting_for
                report(f"waiting for {lacking}")
            await asyncio.sleep(0.05)


async def healthz(session: aiohttp.ClientSession, settings: Settings) -> dict[str, dict[str, object]] | None:
    """What `GET /healthz` says of each part, None when nobody answers there yet."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.http_host, settings.http_host)  # noqa: S104 - read, not bound
    scheme = "https" if settings.tls_cert else "http"
    try:
        # Our own certificate names the public host, not loopback.
        timeout = aiohttp.ClientTimeout(total=2)
        url = f"{scheme}://{host}:{settings.http_port}/healthz"
        async with session.get(url, ssl=False, timeout=timeout) as response:
            parts = (await response.json())["parts"]
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError):
        return None
    return parts if isinstance(parts, dict) else None


def stands_by(parts: dict[str, dict[str, object]]) -> bool:
    """Whether a service lacks nothing but the lease, which another one has."""
    if [name for name, part in parts.items() if not part.get("ready")] != ["dispatcher"] or "switch" in parts:
        return False
    # One that takes over is about to serve, however long it takes to give many agents their accounts.
    return str(parts["dispatcher"].get("detail", "")).startswith("stands by")


def lacking_parts(parts: dict[str, dict[str, object]]) -> str:
    """The parts that are not ready, with what they say; empty when all are."""
    return "; ".join(f"{name} ({part.get('detail')})" for name, part in parts.items() if not part.get("ready"))


def _tail(path: Path, began_at: int, lines: int = 12) -> str:
    with path.open("rb") as file:
        file.seek(began_at)
        return "\n".join(file.read()[-8000:].decode(errors="replace").splitlines()[-lines:]) or "it said nothing"
