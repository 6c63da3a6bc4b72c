"""Service levels of text channels: how soon customers are to be answered, how it stands, and how it was today."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

from trunkline.core.errors import Unavailable
from trunkline.core.ids import AgentId
from trunkline.core.interaction import Interaction, Stage
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.message import unanswered_since
from trunkline.floor.state import Floor
from trunkline.ports.store import AnswersGiven, Change, Store

_WITH_PEOPLE = frozenset({Stage.WAITING, Stage.OFFERED, Stage.TALKING})


class ServiceLevels:
    """Follows the answers as they become durable. `targets`: how soon a channel's customers are to be answered."""

    def __init__(self, floor: Floor, store: Store, targets: Mapping[str, timedelta]) -> None:
        self._floor = floor
        self._store = store
        self._targets = targets
        self._day: datetime | None = None
        self._today: defaultdict[str, AnswersGiven] = defaultdict(AnswersGiven)

    async def begin(self) -> None:
        """Take over what was answered today before this service; without the database, nothing of it is known."""
        self._day = self._midnight()
        try:
            given = await self._store.answers_given(since=self._day)
        except Unavailable:
            return
        for channel, each in given.items():
            self._today[channel] = each

    def target(self, channel: str) -> timedelta | None:
        """Return how soon customers of a channel are to be answered."""
        return self._targets.get(channel)

    def waits_since(self, interaction: Interaction) -> datetime | None:
        """Return since when a customer waits for somebody's answer; None where they do not, or a flow answers them."""
        entry = interaction.entry
        if entry is None or interaction.stage not in _WITH_PEOPLE:
            return None
        return unanswered_since(self._floor.threads.get(interaction.id, ()), entry.since)

    def answered(self, interaction: Interaction, agent: AgentId, *, at: datetime) -> list[JournalEntry]:
        """Return what the journal says of an agent's message: a line if the customer waited for it."""
        since = self.waits_since(interaction)
        if since is None:
            return []
        target, waited = self.target(interaction.dialled), at - since
        facts = {
            "channel": interaction.dialled, "waited_s": waited.total_seconds(),
            "in_time": waited <= target if target is not None else None,
        }  # fmt: skip
        return [JournalEntry(Happened.ANSWERED, at, interaction.id, agent, facts)]

    def published(self, change: Change) -> None:
        """Count what has just become durable."""
        for entry in change.journal:
            if entry.kind is Happened.ANSWERED:
                self._new_day()
                channel, in_time = entry.facts["channel"], entry.facts["in_time"] is not False
                today = self._today[channel]
                self._today[channel] = AnswersGiven(today.answered + 1, today.in_time + in_time)

    def shown(self, channel: str) -> Mapping[str, Any]:
        """Return a channel's target in seconds, and how many were answered today, how many in time."""
        self._new_day()
        target, today = self.target(channel), self._today[channel]
        return {
            "answer_within_s": target.total_seconds() if target is not None else None,
            "answered_today": today.answered,
            "in_time_today": today.in_time,
        }

    def _new_day(self) -> None:
        if self._day is not None and (midnight := self._midnight()) != self._day:
            self._day = midnight
            self._today.clear()

    def _midnight(self) -> datetime:
        zone: tzinfo | None = self._floor.centre.zone
        now = self._floor.clock.now()
        return now.astimezone(zone or now.tzinfo).replace(hour=0, minute=0, second=0, microsecond=0)
