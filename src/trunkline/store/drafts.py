"""Drafts: what agents have written and not sent. They are written with the floor's changes, and read here."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from trunkline.core.draft import Draft, DraftFile
from trunkline.core.ids import AgentId, InteractionId
from trunkline.store.database import Database, Row
from trunkline.store.queries import queries

_SQL = queries("draft")


class Drafts:
    """The part of the store that keeps drafts."""

    _database: Database

    async def _live_drafts(self) -> Iterable[Draft]:
        return map(draft_of, await self._database.rows(_SQL["live"]))


def draft_columns(draft: Draft) -> Mapping[str, Any]:
    """Return a draft as the columns of its row, JSON-able."""
    details = {
        "subject": draft.subject, "cc": draft.cc, "bcc": draft.bcc, "files": [asdict(each) for each in draft.files],
        "replies": list(draft.replies),
    }  # fmt: skip
    return {
        "interaction_id": draft.interaction, "agent_id": draft.agent, "at": draft.at.isoformat(),
        "version": draft.version, "text": draft.text,
        "details": {name: value for name, value in details.items() if value} or None, "over": draft.over,
    }  # fmt: skip


def draft_of(row: Row) -> Draft:
    """Return the draft whose row this is."""
    more = row["details"] or {}
    return Draft(
        InteractionId(str(row["interaction_id"])), AgentId(row["agent_id"]), row["at"], row["version"], row["text"],
        more.get("subject", ""), more.get("cc", ""), more.get("bcc", ""),
        tuple(DraftFile(**each) for each in more.get("files", ())), tuple(more.get("replies", ())),
    )  # fmt: skip
