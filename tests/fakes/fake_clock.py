"""A clock that stands still until a test moves it."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.builders import NOON


@dataclass
class FakeTimer:
    """Something that will happen when the clock is moved far enough."""

    call: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class FakeClock:
    """It is noon; `forward` moves the hands and does what was due on the way, in its order."""

    time: datetime = NOON
    _due: list[tuple[datetime, int, FakeTimer]] = field(default_factory=list)
    _count: int = 0

    def now(self) -> datetime:
        return self.time

    def at(self, when: datetime, call: Callable[[], None]) -> FakeTimer:
        timer = FakeTimer(call)
        self._count += 1
        heapq.heappush(self._due, (when, self._count, timer))
        return timer

    def forward(self, seconds: float) -> None:
        until = self.time + timedelta(seconds=seconds)
        while self._due and self._due[0][0] <= until:
            when, _, timer = heapq.heappop(self._due)
            self.time = max(self.time, when)
            if not timer.cancelled:
                timer.call()
        self.time = until
