"""The real clock: the wall's time, carried on by the monotonic one so that it never goes backwards."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from trunkline.ports.clock import Timer


class SystemClock:
    """A Clock on the running event loop."""

    def __init__(self) -> None:
        self._began = datetime.now(UTC)
        self._monotonic = time.monotonic()

    def now(self) -> datetime:
        """Return the present time in UTC."""
        return self._began + timedelta(seconds=time.monotonic() - self._monotonic)

    def at(self, when: datetime, call: Callable[[], None]) -> Timer:
        """Call once at that time."""
        # The loop's own clock is the monotonic one.
        return asyncio.get_running_loop().call_at(self._monotonic + (when - self._began).total_seconds(), call)
