"""Virtual time: a clock that goes from one event straight to the next. No thread, no waiting, always the same."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from math import inf


class Alarm:
    """Something that will be done, unless it is called off."""

    __slots__ = ("_what",)

    def __init__(self, what: Callable[[], None]) -> None:
        self._what: Callable[[], None] | None = what

    def call_off(self) -> None:
        """Do nothing when the time comes; calling off what was done already changes nothing."""
        self._what = None

    def ring(self) -> None:
        """Do it, once."""
        what, self._what = self._what, None
        if what is not None:
            what()


class VirtualTime:
    """The events to come and the time that it is, in seconds since 1970 and whole microseconds, as datetimes have."""

    def __init__(self, now: float) -> None:
        self.now = now
        self._alarms: list[tuple[float, bool, int, Alarm]] = []
        self._numbers = count()

    def at(self, when: float, what: Callable[[], None], *, before_others: bool = False) -> Alarm:
        """Do something at a time, or at once when that has passed.

        Of equal times those that come `before_others`, then the first that was asked for.
        """
        alarm = Alarm(what)
        heappush(self._alarms, (max(round(when, 6), self.now), not before_others, next(self._numbers), alarm))
        return alarm

    def after(self, seconds: float, what: Callable[[], None]) -> Alarm:
        """Do something so many seconds from now."""
        return self.at(self.now + seconds, what)

    def run(self, until: float = inf) -> None:
        """Go through all events until none is left, or none before a time."""
        while self._alarms and self._alarms[0][0] < until:
            self.now, _, _, alarm = heappop(self._alarms)
            alarm.ring()
