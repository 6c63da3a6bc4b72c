"""What is attached to messages: each file with its bytes, of whom it is, and how a browser is given it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

from trunkline.core.file_type import PICTURES, TEXT
from trunkline.core.ids import AgentId, MessageId

_SHOWN = PICTURES | {TEXT}
"""What a browser shows in a sandbox; all else is saved."""


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file that an agent attaches, or that somebody at the other end of a channel sends."""

    id: str
    name: str
    type: str
    data: bytes
    agent: AgentId | None = None
    channel: str = ""
    address: str = ""
    """Whose it is where no agent attached it."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """All of a file but its bytes. `message` is the one in which it was sent, None until then."""

    id: str
    name: str
    type: str
    size: int
    agent: AgentId | None = None
    channel: str = ""
    address: str = ""
    message: MessageId | None = None


@dataclass(frozen=True, slots=True)
class FileRule:
    """What a channel takes to its other end: so many files at once, so many bytes together, of these types.

    `types` is empty where the type does not matter. `why_not` says why it takes none, where it takes none.
    """

    most: int = 0
    largest: int = 0
    types: frozenset[str] = frozenset()
    why_not: str = ""


class Files(Protocol):
    """Every method raises Unavailable when the database cannot be reached."""

    async def keep_file(self, file: AttachedFile, *, at: datetime) -> None:
        """Keep a file: for as long as the message in which it is sent, and for a week where it is in none.

        One that is kept already stays as it is.
        """

    async def file(self, id_: str) -> AttachedFile | None:
        """Return a file."""

    async def file_facts(self, ids: Sequence[str]) -> Sequence[FileFacts]:
        """Return what is known of those of these files that are kept, in the order of `ids`."""

    async def brought_since(self, channel: str, address: str | None, *, since: datetime) -> tuple[int, int]:
        """Return how many files, and bytes, somebody at a channel's other end brought since then; None: all there."""


def told_of(files: Sequence[FileFacts]) -> Sequence[Mapping[str, Any]]:
    """Return files as the details of a message have them: each with the number by which the desk asks for it."""
    return [
        {"number": number, "id": file.id, "name": file.name, "type": file.type, "size": file.size}
        for number, file in enumerate(files, 1)
    ]


def served_as(name: str, kind: str) -> tuple[str, Mapping[str, str]]:
    """Return the content type and the headers by which a browser is given a file so that nothing runs in it."""
    shown = kind in _SHOWN
    how = "inline" if shown else "attachment"
    return kind if shown else "application/octet-stream", {
        "Referrer-Policy": "no-referrer",
        "Content-Disposition": f"{how}; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
        "X-Content-Type-Options": "nosniff",
    }
