"""What text messages by SMPP ask of the centre's memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from trunkline.core.ids import MessageId


@dataclass(frozen=True, slots=True)
class SegmentOf:
    """Which message segments belong to: who sent it, by what reference, and of how many it is made."""

    channel: str
    sender: str
    reference: str
    total: int


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment that came, and when it came first."""

    number: int
    text: str
    at: datetime


class Segments(Protocol):
    """Every method raises Unavailable when the database cannot be reached."""

    async def keep_segment(self, of: SegmentOf, segment: Segment) -> Sequence[Segment]:
        """Keep a segment, once; return all that are kept of its message, in their order."""

    async def drop_segments(self, of: SegmentOf) -> None:
        """Forget a message's segments: nobody will give them again."""

    async def sent_as(self, channel: str, external: str) -> MessageId | None:
        """Return which message of ours a provider knows by this id."""
