"""The port `Segments` without a database."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from trunkline.core.errors import Unavailable
from trunkline.core.ids import MessageId
from trunkline.ports.segments import Segment, SegmentOf


@dataclass
class MemorySegments:
    """Look at `.kept`; put into `.sent` by which name a message of ours is known; `away`: every call raises."""

    kept: dict[SegmentOf, dict[int, Segment]] = field(default_factory=dict)
    sent: dict[str, MessageId] = field(default_factory=dict)
    away: bool = False

    async def keep_segment(self, of: SegmentOf, segment: Segment) -> Sequence[Segment]:
        self._here()
        found = self.kept.setdefault(of, {})
        found.setdefault(segment.number, segment)
        return [found[number] for number in sorted(found)]

    async def drop_segments(self, of: SegmentOf) -> None:
        self._here()
        self.kept.pop(of, None)

    async def sent_as(self, channel: str, external: str) -> MessageId | None:
        self._here()
        return self.sent.get(external)

    def _here(self) -> None:
        if self.away:
            raise Unavailable("the memory is away")
