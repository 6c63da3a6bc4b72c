"""Opening hours of queues and working hours of agents: outside of them, entries wait and nobody is offered anything."""

from datetime import datetime, timedelta

from trunkline.core.hours import is_open_at
from trunkline.floor.state import Floor

_MINUTE = timedelta(minutes=1)


class OpeningTimes:
    """Looks at the calendars once a minute, for no calendar knows seconds."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    def begin(self) -> None:
        """Look now, and at the beginning of each minute from now on."""
        now = self._floor.clock.now()
        self.look()
        self._floor.clock.at(now.replace(second=0, microsecond=0) + _MINUTE, self.begin)

    def look(self) -> None:
        """Make true on the floor what the calendars say now: at a minute, or when the centre file is another."""
        centre, now = self._floor.centre, self._floor.clock.now()
        self._floor.keep_hours(
            frozenset(id_ for id_, queue in centre.queues.items() if not self._is_open(queue.hours, now)),
            frozenset(id_ for id_, agent in centre.agents.items() if not self._is_open(agent.hours, now)),
        )

    def _is_open(self, calendar: str | None, now: datetime) -> bool:
        hours = self._floor.centre.hours.get(calendar) if calendar is not None else None
        return hours is None or is_open_at(hours, now)
