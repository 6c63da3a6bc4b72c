"""Read marks: gathered for a moment, for they come with every message, and kept so that they outlive everybody."""

from datetime import timedelta

from trunkline.core.ids import InteractionId, MessageId
from trunkline.core.message import Side
from trunkline.core.read_mark import ReadMark
from trunkline.floor.state import Floor

GATHERED_FOR = timedelta(seconds=1)
"""So often marks are written at most, those of everybody together. Both sides tell anew what a crash forgot."""
_WRITTEN_BY = {Side.CUSTOMER: Side.AGENT, Side.AGENT: Side.CUSTOMER}
"""Whose messages each side reads. What a flow says is there for nobody to know of."""


class Reading:
    """Takes what either side of a conversation has before their eyes. A mark never goes back."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._gathered: dict[tuple[InteractionId, Side], MessageId] = {}

    def note(self, id_: InteractionId, side: Side, message: MessageId) -> None:
        """Take up to which message a side has read. What is not in the thread, or of their own, is not read."""
        read = self._gathered.get((id_, side)) or self._floor.reads.get(id_, {}).get(side)
        if read == message:
            return
        for written in reversed(self._floor.threads.get(id_, ())):
            if written.id == read:
                return
            if written.id == message:
                break
        else:
            return
        if written.side is not _WRITTEN_BY[side]:
            return
        if not self._gathered:
            self._floor.clock.at(self._floor.clock.now() + GATHERED_FOR, self._write)
        self._gathered[id_, side] = message

    def _write(self) -> None:
        at, gathered = self._floor.clock.now(), self._gathered
        self._gathered = {}
        marks = [
            ReadMark(id_, side, message, at)
            for (id_, side), message in gathered.items()
            if id_ in self._floor.interactions
        ]
        if marks:
            self._floor.commit(reads=marks)
