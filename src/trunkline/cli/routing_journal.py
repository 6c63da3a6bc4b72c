"""What the journal is read for: the story of one interaction, and a stretch of the past."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, tzinfo
from typing import Any

from trunkline.cli.routing_words import Words
from trunkline.core.explanation import OfferExplained, WaitExplained, explained, wait_explained
from trunkline.core.hindsight import TOLD_BY, Hindsight
from trunkline.core.ids import AgentId, InteractionId
from trunkline.core.journal import Happened
from trunkline.planning.past import Past
from trunkline.store.journal import Journal, Line


class Story:
    """What the journal tells of one interaction's offers."""

    def __init__(
        self, id_: InteractionId, offers: Sequence[OfferExplained], waits: WaitExplained | None,
        names: Mapping[AgentId, str],
    ) -> None:  # fmt: skip
        self.id, self.offers, self.waits, self.names = id_, offers, waits, names

    @classmethod
    async def read(cls, journal: Journal, id_: InteractionId, *, now: datetime) -> "Story | None":
        """Read and explain; None for an interaction that there never was."""
        lines = await journal.of_interaction(id_)
        if not lines:
            return None
        reader = _Reader(journal)
        offers = []
        for place, line in enumerate(lines):
            if line.entry.kind is Happened.OFFERED:
                floor = await reader.before(line.number)
                offers.append(explained(line.entry, floor, (after.entry for after in lines[place + 1 :])))
        waits = None
        if _waits(lines):
            waits = wait_explained(id_, await reader.before(await journal.last() + 1), now)
        return cls(id_, offers, waits, await journal.names())

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        offers = [asdict(each) | {"able": len(each.later) + 1} for each in self.offers]
        waits = None
        if self.waits is not None:
            waits = asdict(self.waits) | {"asked": dict(sorted(self.waits.asked))}
            waits["matter"] = {"queue": self.waits.matter.entry.queue, "since": self.waits.matter.entry.since}
        return {"interaction": self.id, "offers": offers, "waits": waits}

    def in_words(self, zone: tzinfo) -> str:
        """Return it for people."""
        words = Words(self.names, zone)
        told = [words.offer(each) for each in self.offers]
        if self.waits is not None:
            told.append(words.wait(self.waits))
        return "\n".join(told) or "It was never offered to anybody, and does not wait."


def _waits(lines: Sequence[Line]) -> bool:
    """Whether an interaction may be waiting still, as far as its own lines go."""
    floor = Hindsight()
    for line in lines:
        floor.see(line.entry)
    return bool(floor.matters)


class _Reader:
    """Rebuilds the floor before one line after the other, in their order."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._floor, self._seen = Hindsight(), 0

    async def before(self, number: int) -> Hindsight:
        called = await self._journal.roll_call_before(number - 1) or 1
        if called > self._seen:
            self._floor, self._seen = Hindsight(), called - 1
        async for line in self._journal.lines(self._seen, number - 1, TOLD_BY):
            self._floor.see(line.entry)
        self._seen = number - 1
        return self._floor


async def past_of(journal: Journal, start: datetime, until: datetime) -> Past | None:
    """Return a stretch of the past, read page by page; None where nothing happened in it."""
    numbers = await journal.between(start, until)
    if numbers is None:
        return None
    first, last = numbers
    past = Past(await _Reader(journal).before(first), start, until)
    async for line in journal.lines(first - 1, last, TOLD_BY):
        past.see(line.entry)
    return past
