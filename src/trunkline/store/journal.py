"""The journal, read back: by interaction, or a stretch of it in pages."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from trunkline.core.ids import AgentId, InteractionId
from trunkline.core.journal import Happened, JournalEntry
from trunkline.store.database import Database, Row
from trunkline.store.queries import queries

_SQL = queries("journal")

PAGE = 5_000
_KINDS = {each.value: each for each in Happened}


class Line(NamedTuple):
    """A line and its number; numbers grow in the order of writing."""

    number: int
    entry: JournalEntry


class Journal:
    """Reads the journal. Lines of kinds that this release does not know are left out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_interaction(self, id_: InteractionId) -> Sequence[Line]:
        """Return everything that happened to an interaction; empty for one that there never was."""
        rows = await self._database.rows(_SQL["of_interaction"], id_)
        return [line for row in rows if (line := _line(row)) is not None]

    async def roll_call_before(self, number: int) -> int | None:
        """Return the number of the last roll call up to a line."""
        row = await self._database.row(_SQL["roll_call_before"], number)
        return row["seq"] if row else None

    async def last(self) -> int:
        """Return the number of the last line, 0 for an empty journal."""
        row = await self._database.row(_SQL["last"])
        return (row["seq"] if row else None) or 0

    async def between(self, start: datetime, until: datetime) -> tuple[int, int] | None:
        """Return the numbers of the first and the last line of a stretch of time; None where nothing happened."""
        row = await self._database.row(_SQL["between"], start, until)
        return (row["first"], row["last"]) if row and row["first"] is not None else None

    async def lines(self, after: int, upto: int, kinds: Iterable[Happened]) -> AsyncIterator[Line]:
        """Yield the lines of these kinds with numbers above `after`, up to `upto`: a page of them in memory at once."""
        names = sorted(kind.value for kind in kinds)
        while rows := await self._database.rows(_SQL["page"], after, upto, names, PAGE):
            for row in rows:
                line = _line(row)
                if line is not None:
                    yield line
            after = rows[-1]["seq"]
            if len(rows) < PAGE:
                return

    async def names(self) -> Mapping[AgentId, str]:
        """Return the names of all agents there ever were."""
        return {AgentId(row["id"]): row["name"] for row in await self._database.rows(_SQL["known_agents"])}


def _line(row: Row) -> Line | None:
    kind, interaction, agent = _KINDS.get(row["kind"]), row["interaction_id"], row["agent_id"]
    if kind is None:
        return None
    return Line(
        row["seq"],
        JournalEntry(
            kind, row["at"], InteractionId(str(interaction)) if interaction is not None else None,
            AgentId(agent) if agent is not None else None, row["facts"],
        ),
    )  # fmt: skip
