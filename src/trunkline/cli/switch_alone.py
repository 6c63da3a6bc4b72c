"""`trunkline switch`: our Asterisk alone, in the foreground; for a machine or a container of its own."""

import asyncio
import signal
from typing import Any

import click

from trunkline.cli.log_room import keep_room
from trunkline.cli.options import refuse, settled, with_settings
from trunkline.cli.progress import Progress
from trunkline.cli.switch import start_switch
from trunkline.core.errors import TrunklineFault
from trunkline.settings import Settings
from trunkline.store import embedded


@click.command("switch")
@with_settings
def command(**flags: Any) -> None:
    """Run Asterisk alone, beside a PostgreSQL that runs; SIGTERM or Ctrl-C ends it, and every call on it."""
    settings = settled(flags)
    progress = Progress(settings.log_dir / "run.log")
    try:
        asyncio.run(_run(settings, progress))
    except TrunklineFault as fault:
        refuse(str(fault))
    finally:
        progress.close()


async def _run(settings: Settings, progress: Progress) -> None:
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    with progress.step("Asterisk") as report:
        part = await start_switch(settings, embedded.dsn(settings), report)
    ended, waiting = asyncio.ensure_future(part.ended()), asyncio.ensure_future(asked.wait())
    room = asyncio.ensure_future(keep_room(settings))
    await asyncio.wait({ended, waiting}, return_when=asyncio.FIRST_COMPLETED)
    room.cancel()
    if ended.done() and not asked.is_set():
        waiting.cancel()
        refuse(f"Asterisk has ended by itself; see {settings.log_dir}")
    with progress.step("Stopping Asterisk"):
        await part.stop()
    await ended
