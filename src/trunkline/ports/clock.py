"""What time it is, and waking up later."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol


class Timer(Protocol):
    """Something that will happen unless it is cancelled."""

    def cancel(self) -> None:
        """Make sure that it does not happen."""


class Clock(Protocol):
    """The one source of time in the floor."""

    def now(self) -> datetime:
        """Return the present time, aware, in UTC; it never goes backwards."""

    def at(self, when: datetime, call: Callable[[], None]) -> Timer:
        """Call once at that time, or at the next opportunity when it has passed."""
