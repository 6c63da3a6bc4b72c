"""`trunkline serve`: the service alone, beside a PostgreSQL and an Asterisk that run."""

import asyncio
import contextlib
import importlib
import logging
import os
import signal
import threading
from typing import Any

import click

from trunkline.cli.options import refuse, settled, with_settings
from trunkline.cli.spare import is_wanted
from trunkline.core.errors import TrunklineFault
from trunkline.processes import note, noted, ourselves
from trunkline.settings import Settings

log = logging.getLogger(__name__)

_ENDS_WITHIN_S = 2.5


@click.command("serve")
@click.option("--spare", is_flag=True, hidden=True, help="Be ready, and begin when standard input says so.")
@with_settings
def command(*, spare: bool, **flags: Any) -> None:
    """Run the service alone; SIGTERM or Ctrl-C ends it, within three seconds."""
    # Imported late, as the service is: the other commands need not wait for it.
    import uvloop  # noqa: PLC0415

    if spare:
        # It knows everybody: to read all of it takes longer than all that follows.
        importlib.import_module("trunkline.app")
        if not is_wanted():
            return
    settings = settled(flags)
    try:
        uvloop.run(_serve(settings))
    except TrunklineFault as fault:
        refuse(str(fault))


async def _serve(settings: Settings) -> None:
    # It knows everybody.
    from trunkline.app import serve  # noqa: PLC0415

    pid_file = settings.run_dir / "service.pid"
    if noted(pid_file) is None:  # who stands by beside the one that `trunkline run` looks after is not its business
        note(pid_file, ourselves())
    task = asyncio.ensure_future(serve(settings))

    def end() -> None:
        task.cancel()
        if not by_force.is_alive():
            with contextlib.suppress(RuntimeError):  # a second signal, when it has fired
                by_force.start()

    by_force = threading.Timer(_ENDS_WITHIN_S, _end_by_force)
    by_force.daemon = True
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, end)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _end_by_force() -> None:
    """End now: a thread that hangs would hold the process up, and a sudden end loses nothing that is durable."""
    log.warning("the service did not end in time; ending by force", extra={"within_s": _ENDS_WITHIN_S})
    os._exit(0)
