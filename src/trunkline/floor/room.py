"""Whether the switch has room for another leg. While it has none, offers are made one by one, and nobody is blamed."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from trunkline.ports.clock import Clock, Timer
from trunkline.ports.store import Health

log = logging.getLogger(__name__)

TRY_AGAIN_AFTER = timedelta(seconds=1)
"""Where no leg ends meanwhile: somebody else's may have, of whom we do not hear."""
FULL_FOR = timedelta(seconds=10)
"""So long after the last refusal the switch counts as full."""
_CURE = "no room for another leg: widen rtp_ports (two for each), and see log/asterisk.log"


class Room:
    """Asked before each offer, and told what comes of it.

    Once the switch has refused a leg, a next offer is made when a leg ends or a second is over, and the one after it
    when that one rings. So a full switch is asked about as often as it has room.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._full_since: datetime | None = None
        self._refused_at: datetime | None = None
        self._may_try = True
        self._timer: Timer | None = None
        self.again: Callable[[], None] = lambda: None
        """Makes the offers that wait for room."""

    @property
    def is_full(self) -> bool:
        """Whether the switch has refused a leg lately."""
        return self._refused_at is not None

    def takes_one(self) -> bool:
        """Whether an offer may be made now; while the switch is full, a yes is for one offer."""
        if not self.is_full:
            return True
        if not self._may_try:
            return False
        self._may_try = False
        self._try_later()
        return True

    def refused(self) -> None:
        """Take note that the switch had no room for an agent's leg."""
        self._refused_at = self._clock.now()
        if self._full_since is None:
            self._full_since = self._refused_at
            log.warning("the switch is full", extra={"why": _CURE})
        self._may_try = False
        self._try_later()

    def found(self) -> None:
        """Take note that a leg has ended, or that an agent's was made."""
        if self._refused_at is None:
            return
        if self._clock.now() - self._refused_at > FULL_FOR:
            self._refused_at = self._full_since = None
            log.info("the switch has room again")
            self._cancel()
        self._may_try = True
        self.again()

    def health(self, *, up: bool, where: str) -> Health:
        """Return how the switch is: one that is full serves whom it has."""
        if not up:
            return Health(ready=False, detail=f"Asterisk does not answer on {where}")
        since = self._full_since
        return Health(ready=True, detail="" if since is None else f"full since {since:%H:%M:%S} UTC: {_CURE}")

    def _try_later(self) -> None:
        self._cancel()
        self._timer = self._clock.at(self._clock.now() + TRY_AGAIN_AFTER, self._time_is_over)

    def _time_is_over(self) -> None:
        self._timer = None
        self.found()
        if self.is_full and self._timer is None:
            # Nobody is offered anything now; it has to be found out all the same when the switch is full no more.
            self._try_later()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
