"""What must happen by a certain time if nothing else happens first. Every deadline is read off the state itself."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from trunkline.core.callback import RING_CUSTOMER_FOR
from trunkline.core.ids import InteractionId
from trunkline.core.interaction import Interaction, Stage
from trunkline.floor.state import Floor, Moved
from trunkline.ports.clock import Timer

RING_GRACE = timedelta(seconds=3)
"""The switch ends a ringing leg by itself; only when it did not, we do."""

Due = Callable[[InteractionId], None]


def due_at(interaction: Interaction) -> datetime | None:
    """Return when the present stage of an interaction ends by itself, None when it may go on for ever."""
    match interaction.stage:
        case Stage.WAITING if interaction.entry is not None:
            entry = interaction.entry
            ends = [at for at in (entry.overflow_at, entry.moves.at if entry.moves else None) if at is not None]
            return min(ends, default=None)
        case Stage.SCHEDULED if interaction.callback is not None:
            return interaction.callback.due_at
        case Stage.OFFERED if interaction.offer is not None:
            if interaction.offer.answered_at is not None:
                return interaction.offer.answered_at + RING_CUSTOMER_FOR + RING_GRACE
            return interaction.offer.expires_at + (RING_GRACE if interaction.rings else timedelta())
        case Stage.WRAP_UP:
            return interaction.wrap_up_until
        case _:
            return None


def by_medium(floor: Floor, dues: Mapping[str, Due]) -> Due:
    """Return what does for each interaction what is to be done on its medium."""
    return lambda id_: dues[floor.interaction(id_).medium](id_)


class Deadlines:
    """Watches the floor and keeps one timer for each interaction that has a deadline."""

    def __init__(self, floor: Floor, *, waited_enough: Due, ring_out: Due, end_wrap_up: Due, call_back: Due) -> None:
        self._floor = floor
        self._due = {
            Stage.WAITING: waited_enough,
            Stage.OFFERED: ring_out,
            Stage.WRAP_UP: end_wrap_up,
            Stage.SCHEDULED: call_back,
        }
        self._timers: dict[InteractionId, tuple[datetime, Timer]] = {}
        floor.watchers.append(self.follow)

    def follow(self, moved: Moved) -> None:
        """Set, move or drop the timers of what changed."""
        for _, interaction in moved.interactions:
            self._set(interaction.id)

    def follow_all(self) -> None:
        """Set the timers of everything that is live: after a start."""
        for id_ in list(self._floor.interactions):
            self._set(id_)

    def _set(self, id_: InteractionId) -> None:
        interaction = self._floor.interactions.get(id_)
        when = due_at(interaction) if interaction is not None else None
        known = self._timers.get(id_)
        if known is not None and known[0] == when:
            return
        if known is not None:
            known[1].cancel()
            del self._timers[id_]
        if when is not None:
            self._timers[id_] = (when, self._floor.clock.at(when, lambda: self._fire(id_, when)))

    def _fire(self, id_: InteractionId, when: datetime) -> None:
        interaction = self._floor.interactions.get(id_)
        if interaction is None or due_at(interaction) != when:
            return
        self._timers.pop(id_, None)
        self._due[interaction.stage](id_)
