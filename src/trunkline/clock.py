"""The real clock: the wall's time, carried on by the monotonic one so that it never goes backwards."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

from trunkline.ports.clock import Timer


class SystemClock:
    """A Clock on the running event loop."""

    def __init__(self) -> None:
        # The monotonic clock, which nobody sets back, counted from what the other one says now.
        self._origin = datetime.now(UTC).timestamp() - time.monotonic()

    def now(self) -> datetime:
        """Return the present time in UTC."""
        return datetime.fromtimestamp(self._origin + time.monotonic(), UTC)

    def at(self, when: datetime, call: Callable[[], None]) -> Timer:
        """Call once at that time."""
        # The loop's own clock is the monotonic one.
        return asyncio.get_running_loop().call_at(when.timestamp() - self._origin, call)
