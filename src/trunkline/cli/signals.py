"""Being asked to end."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any


async def until_asked(work: Coroutine[Any, Any, None]) -> None:
    """Do the work until it is done; cancelled by Ctrl-C and by SIGTERM alike, so that it can still put things away.

    Ctrl-C is asked for by ourselves, since a shell starts what it puts aside deaf to it.

    Raises:
        asyncio.CancelledError: A signal ended it.
    """
    task = asyncio.ensure_future(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    await task
