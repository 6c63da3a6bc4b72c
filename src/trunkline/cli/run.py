"""`trunkline run`: everything, from one command."""

import asyncio
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from trunkline.cli import welcome, whereabouts
from trunkline.cli.log_room import keep_room
from trunkline.cli.options import as_environment, refuse, settled, with_settings
from trunkline.cli.ports import clashes, wanted_ports
from trunkline.cli.progress import Progress, Report
from trunkline.cli.supervisor import Part, Services, Start, Supervisor
from trunkline.cli.switch import noted_switch, start_switch, switches_of
from trunkline.core.errors import Misconfigured, TrunklineFault
from trunkline.processes import Process, noted
from trunkline.settings import Settings, env_name
from trunkline.store import embedded


@click.command("run")
@with_settings
def command(**flags: Any) -> None:
    """Start PostgreSQL, Asterisk and the service, and keep them running; Ctrl-C stops all three.

    A second Ctrl-C is quicker: whoever has not ended by then is killed.
    """
    settings = settled(flags)
    progress = Progress(settings.log_dir / "run.log")
    try:
        with _alone(settings):
            asyncio.run(_run(settings, as_environment(flags), progress))
    except TrunklineFault as fault:
        progress.detail(f"given up: {fault}")
        refuse(str(fault))
    finally:
        progress.close()


async def _run(settings: Settings, flags: dict[str, str], progress: Progress) -> None:
    began = time.monotonic()
    progress.tell(f"Trunkline; details in {_near(progress.log)}")
    found = clashes(wanted_ports(settings), left_over(settings))
    if found:
        raise Misconfigured("\n".join(found))
    supervisor = Supervisor(progress, _starts(settings, flags))
    asked = _asked_to_end(supervisor)
    try:
        if await _before(asked, supervisor.start()):
            progress.say()
            whereabouts.note(settings)
            welcome.show(settings, progress, took_s=time.monotonic() - began)
            await _before(asked, _keep(settings, supervisor))
    finally:
        if asked.is_set():
            progress.say()
        await supervisor.stop()
        whereabouts.forget(settings)


async def _keep(settings: Settings, supervisor: Supervisor) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(supervisor.keep())
        tasks.create_task(keep_room(settings))


def _starts(settings: Settings, flags: dict[str, str]) -> dict[str, Start]:
    """The parts that are ours to run, in the order they need one another."""
    starts: dict[str, Start] = {}
    database_url = embedded.dsn(settings)

    async def database(report: Report) -> Part:
        running = await embedded.ensure(settings, report)
        verb = "found" if running.adopted else "up"
        report(f"{verb} on {embedded.HOST}:{settings.postgres_port}")
        return Part(running.process.ended, running.stop, lambda: running.process.send(signal.SIGQUIT))

    async def switch(report: Report) -> Part:
        return await start_switch(settings, database_url, report)

    if settings.database_url is None:
        starts["PostgreSQL"] = database
    if settings.asterisk != "external":
        starts["Asterisk"] = switch
    starts["Service"] = Services(settings, flags | {env_name("database_url"): database_url}).start
    return starts


def left_over(settings: Settings) -> set[Process]:
    """What an earlier run left: it may hold our ports, since it is adopted or replaced."""
    left = {noted(settings.run_dir / "service.pid")}
    if settings.database_url is None:
        left.add(embedded.living(settings))
    left.update((noted_switch(settings), *switches_of(settings.data_dir)))
    return {process for process in left if process}


def _asked_to_end(supervisor: Supervisor) -> asyncio.Event:
    """Set once a signal asks us to end; the second signal hurries."""
    asked = asyncio.Event()

    def ask() -> None:
        if asked.is_set():
            supervisor.hurry()
        asked.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, ask)
    return asked


async def _before(asked: asyncio.Event, work: Any) -> bool:
    """Do the work; False when we were asked to end before it was done."""
    task = asyncio.ensure_future(work)
    waiting = asyncio.ensure_future(asked.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        task.result()
        return True
    task.cancel()
    await asyncio.wait({task})
    return False


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Refuse a second run on the same data directory; the kernel frees the lock even after a kill -9."""
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    path = settings.run_dir / "run.lock"
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise Misconfigured(
                f"process {file.read().strip() or '?'} runs Trunkline on {settings.data_dir} already; "
                f"stop it, or set {env_name('data_dir')} and other ports for a second one"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _near(path: Path) -> str:
    """The path as the admin would type it from here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
