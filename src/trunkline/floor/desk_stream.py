"""What was sent to one agent's desks lately, so that one that was cut off can go on from there."""

from collections.abc import Callable
from dataclasses import dataclass, field

from trunkline.core.ids import new_id
from trunkline.floor.view import Json

KEPT_EVENTS = 500
"""How many events a desk may have missed and still resume; up to twice as many are kept."""
_PASSED: Json = {"kind": "passed"}
"""Stands in the place of an event whose words a later one says again."""

Send = Callable[[Json], None]


@dataclass(slots=True)
class DeskStream:
    """One agent's picture: what their desks show, what was sent lately, and who listens."""

    state: Json
    epoch: str = field(default_factory=new_id)
    seq: int = 0
    sent: list[Json] = field(default_factory=list)
    """The latest events, the last of them the one numbered `seq`."""
    desks: set[Send] = field(default_factory=set)
    _drafted: dict[str, int] = field(default_factory=dict)

    def record(self, event: Json) -> None:
        """Number an event, and keep it for desks that come back."""
        self.seq += 1
        self.sent.append(event)
        if event["kind"] == "draft":
            # Whoever writes makes one each second, each whole: of those that are kept the latest says it all.
            before = self._drafted.get(event["id"], 0) - self.seq + len(self.sent) - 1
            if before >= 0:
                self.sent[before] = _PASSED
            self._drafted[event["id"]] = self.seq
        elif event["kind"] == "interaction_gone":
            self._drafted.pop(event["id"], None)
        if len(self.sent) >= 2 * KEPT_EVENTS:
            del self.sent[:-KEPT_EVENTS]

    def missed(self, epoch: str | None, seq: int | None) -> list[tuple[int, Json]] | None:
        """Return what a desk has missed that saw the event `seq` last, with numbers; None if that is not known."""
        if epoch != self.epoch or seq is None or not self.seq - len(self.sent) <= seq <= self.seq:
            return None
        return list(enumerate(self.sent[len(self.sent) - (self.seq - seq) :], seq + 1))
