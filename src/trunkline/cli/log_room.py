"""Keeps the logs that only ever grow within bounds: those of the processes that we start, and our own of starting them.

The service's log rotates by itself (logs.py). The rest is held open for appending by programs that know no bound, so a
full file is copied away and emptied in place, which all of them bear (as logrotate's `copytruncate`): lines written
between the copy and the emptying are lost.
"""

import asyncio
import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from trunkline.settings import Settings

FULL_BYTES = 20_000_000
"""A log is emptied when a look finds it larger; so much again is kept of what it was."""
_LOOK_EVERY_S = 30.0


async def keep_room(settings: Settings, *, every_s: float = _LOOK_EVERY_S) -> None:
    """Look after the logs until cancelled, now and every so many seconds."""
    while True:
        for log in _logs(settings.log_dir):
            # A log that cannot be copied, for a disk that is full, is looked at again; nothing stops for it.
            with contextlib.suppress(OSError):
                await asyncio.to_thread(make_room, log)
        await asyncio.sleep(every_s)


def make_room(log: Path) -> None:
    """Move what a log holds to `<name>.1`, in the place of what was there, when it is full."""
    log = log.resolve()
    if not log.is_file() or log.stat().st_size <= FULL_BYTES:
        return
    kept = log.with_name(f"{log.name}.1")
    draft = log.with_name(f".{log.name}.1")
    with log.open("rb") as full, draft.open("wb") as copy:
        os.fchmod(copy.fileno(), 0o600)
        full.seek(-FULL_BYTES, os.SEEK_END)
        shutil.copyfileobj(full, copy)
    os.truncate(log, 0)
    draft.replace(kept)


def _logs(folder: Path) -> Iterator[Path]:
    for name in ("run.log", "service.out", "postgresql.log", "asterisk.log"):
        yield folder / name
    # Asterisk's is a link to where it lives; what it says on its console is beside it.
    yield (folder / "asterisk.log").resolve().with_name("console.log")
