"""`trunkline serve`: the service alone, beside a PostgreSQL and an Asterisk that run."""

import asyncio
import contextlib
import os
import signal
from typing import Any

import click

from trunkline.cli.options import refuse, settled, with_settings
from trunkline.core.errors import TrunklineFault
from trunkline.processes import Process, note
from trunkline.settings import Settings


@click.command("serve")
@with_settings
def command(**flags: Any) -> None:
    """Run the service alone; SIGTERM or Ctrl-C ends it."""
    settings = settled(flags)
    try:
        asyncio.run(_serve(settings))
    except TrunklineFault as fault:
        refuse(str(fault))


async def _serve(settings: Settings) -> None:
    # Imported late: it knows everybody, and the other commands need not wait for it.
    from trunkline.app import serve  # noqa: PLC0415

    ourselves = Process.of(os.getpid())
    if ourselves is not None:
        note(settings.run_dir / "service.pid", ourselves)
    task = asyncio.ensure_future(serve(settings))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
