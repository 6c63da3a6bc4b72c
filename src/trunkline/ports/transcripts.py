"""What sending conversations by mail asks of the centre's memory: a count that nobody gets around."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Asked:
    """A visitor of a channel asks for their conversation at an address. `id` is the same for the same request."""

    id: str
    channel: str
    visitor: str
    address: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Counted:
    """How many were asked for since a moment: by this visitor, to this address, and on this channel."""

    visitor: int
    address: int
    channel: int


class Transcripts(Protocol):
    """Every method raises Unavailable when the database cannot be reached."""

    async def transcripts(self, asked: Asked, *, since: datetime) -> Counted:
        """Return how many were asked for since then, this one not counted."""

    async def keep_transcript(self, asked: Asked) -> None:
        """Remember that one is sent; what is remembered already stays as it is."""
