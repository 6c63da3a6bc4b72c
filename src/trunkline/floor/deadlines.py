"""What must happen by a certain time if nothing else happens first. Every deadline is read off the state itself."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from itertools import count

from trunkline.core.callback import RING_CUSTOMER_FOR
from trunkline.core.ids import InteractionId
from trunkline.core.interaction import Interaction, Stage
from trunkline.floor.state import Floor, Moved
from trunkline.ports.clock import Timer

log = logging.getLogger(__name__)

_PAST_KEPT = 256
RING_GRACE = timedelta(seconds=3)
"""The switch ends a ringing leg by itself; only when it did not, we do."""

Due = Callable[[InteractionId], None]


def due_at(interaction: Interaction) -> datetime | None:
    """Return when the present stage of an interaction ends by itself, None when it may go on for ever."""
    ends = _ENDS.get(interaction.stage)
    return ends(interaction) if ends is not None else None


def _wait_ends(interaction: Interaction) -> datetime | None:
    entry = interaction.entry
    if entry is None or entry.moves is None:
        return entry.overflow_at if entry is not None else None
    return min(entry.overflow_at or entry.moves.at, entry.moves.at)


def _begins(interaction: Interaction) -> datetime | None:
    if interaction.follows is not None:
        return interaction.follows.due_at
    return interaction.callback.due_at if interaction.callback is not None else None


def _ring_ends(interaction: Interaction) -> datetime | None:
    offer = interaction.offer
    if offer is None:
        return None
    if offer.answered_at is not None:
        return offer.answered_at + RING_CUSTOMER_FOR + RING_GRACE
    return offer.expires_at + RING_GRACE if interaction.rings else offer.expires_at


_ENDS: Mapping[Stage, Callable[[Interaction], datetime | None]] = {
    Stage.WAITING: _wait_ends,
    Stage.SCHEDULED: _begins,
    Stage.OFFERED: _ring_ends,
    Stage.WRAP_UP: lambda interaction: interaction.wrap_up_until,
}


def by_medium(floor: Floor, dues: Mapping[str, Due]) -> Due:
    """Return what does for each interaction what is to be done on its medium."""
    return lambda id_: dues[floor.interaction(id_).medium](id_)


class Deadlines:
    """Watches the floor and knows the deadline of each interaction that has one.

    One timer for all, the next: nearly every deadline is over before it comes, so that each is a line in a heap that is
    left there until its time, and then is found to be no more.
    """

    def __init__(self, floor: Floor, *, waited_enough: Due, ring_out: Due, end_wrap_up: Due, call_back: Due) -> None:
        self._floor = floor
        self._due = {
            Stage.WAITING: waited_enough,
            Stage.OFFERED: ring_out,
            Stage.WRAP_UP: end_wrap_up,
            Stage.SCHEDULED: call_back,
        }
        self._at: dict[InteractionId, datetime] = {}
        self._order: list[tuple[datetime, int, InteractionId]] = []
        self._numbers = count()
        self._next: tuple[datetime, Timer] | None = None
        floor.watchers.append(self.follow)

    def follow(self, moved: Moved) -> None:
        """Take note of the deadlines of what changed."""
        for _, interaction in moved.interactions:
            self._set(interaction.id)

    def follow_all(self) -> None:
        """Take note of the deadlines of everything that is live: after a start."""
        for id_ in list(self._floor.interactions):
            self._set(id_)

    def _set(self, id_: InteractionId) -> None:
        interaction = self._floor.interactions.get(id_)
        when = due_at(interaction) if interaction is not None else None
        known = self._at.get(id_)
        if when is known or when == known:
            return
        if when is None:
            del self._at[id_]
            return
        self._at[id_] = when
        if len(self._order) > 2 * len(self._at) + _PAST_KEPT:
            self._order = [(at, next(self._numbers), each) for each, at in self._at.items()]
            heapify(self._order)
        else:
            heappush(self._order, (when, next(self._numbers), id_))
        self._wake_at(when)

    def _wake_at(self, when: datetime) -> None:
        if self._next is not None:
            if self._next[0] <= when:
                return
            self._next[1].cancel()
        self._next = (when, self._floor.clock.at(when, self._wake))

    def _wake(self) -> None:
        self._next = None
        now = self._floor.clock.now()
        while self._order:
            when, _, id_ = self._order[0]
            if self._at.get(id_) != when:
                heappop(self._order)
            elif when <= now:
                heappop(self._order)
                del self._at[id_]
                self._fire(id_, when)
            else:
                self._wake_at(when)
                return

    def _fire(self, id_: InteractionId, when: datetime) -> None:
        interaction = self._floor.interactions.get(id_)
        if interaction is None or due_at(interaction) != when:
            return
        try:
            self._due[interaction.stage](id_)
        except Exception:
            log.exception("a deadline was not kept", extra={"interaction": id_, "stage": interaction.stage})
