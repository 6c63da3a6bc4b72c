"""A stretch of the past beside two replays of it: under the rules of then, and under others."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isnan
from typing import Any

from trunkline.core.agent import Agent
from trunkline.core.centre import Centre, at_post
from trunkline.core.ids import QueueId
from trunkline.core.roll_call import rules_of
from trunkline.planning.figures import Figures
from trunkline.planning.past import Past
from trunkline.planning.replay import Replay
from trunkline.planning.unknown import Unknown

Told = Mapping[QueueId, Figures]

_SHOWN = (
    ("contacts", "contacts", ".0f"), ("service_level", "in time", ".1%"), ("wait_median_s", "wait, median", ".0f s"),
    ("wait_p90_s", "wait, 9 of 10", ".0f s"), ("wait_max_s", "wait, longest", ".0f s"), ("abandoned", "gave up", ".0f"),
    ("left_waiting", "went elsewhere", ".0f"), ("handling_s", "handling", ".0f s"), ("occupancy", "occupancy", ".1%"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Compared:
    """The figures of every queue: as it really was, replayed as it was, and replayed with the changes."""

    was: Told
    again: Told
    changed: Told
    within_s: float
    complete: bool
    not_offered: tuple[str, ...]
    """The media of which somebody waited and nobody was offered anything: they are not played."""

    @classmethod
    def of(cls, past: Past, centre: Centre, *, within_s: float) -> "Compared":
        """Replay a stretch twice: under its own rules, and under those of a centre file."""
        unknown = Unknown(past.stays, past.until)

        def posted(agent: Agent) -> Agent:
            return at_post(agent, centre)

        again = Replay(past, unknown, past.rules).play(within_s=within_s)
        changed = Replay(past, unknown, rules_of(centre), posted).play(within_s=within_s)
        others = {stay.medium for stay in past.stays} - past.media
        return cls(past.figures(within_s=within_s), again, changed, within_s, past.complete, tuple(sorted(others)))

    def as_json(self) -> dict[str, Any]:
        """Return it for programs; null where there is nothing to make a figure of."""
        told = {"was": self.was, "replayed": self.again, "changed": self.changed}
        return {
            "within_s": self.within_s,
            "complete": self.complete,
            "not_offered": list(self.not_offered),
            "queues": {
                queue: {name: _plain(figures[queue]) if queue in figures else None for name, figures in told.items()}
                for queue in self._queues()
            },
        }

    def in_words(self) -> str:
        """Return it for people."""
        lines = []
        if not self.complete:
            lines.append("No roll call is in the journal before this stretch: who was there is not known for certain.")
        lines += [f"Nobody was offered {medium}: it is not played." for medium in self.not_offered]
        lines.append(f"In time: answered within {self.within_s:.0f} s, of all who came.")
        for queue in self._queues():
            lines += ["", *_table(queue, [self.was.get(queue), self.again.get(queue), self.changed.get(queue)])]
        return "\n".join([*lines, "", self._honesty()])

    def _queues(self) -> list[QueueId]:
        return sorted(self.was.keys() | self.again.keys() | self.changed.keys())

    def _honesty(self) -> str:
        apart = [
            abs(self.was[queue].service_level - self.again[queue].service_level)
            for queue in self.was.keys() & self.again.keys()
            if not isnan(self.was[queue].service_level) and not isnan(self.again[queue].service_level)
        ]
        if not apart:
            return "There is nothing to compare the replay with."
        return (
            f"Under its own rules the replay is at most {100 * max(apart):.1f} points of the share in time away from"
            " what really happened: take smaller differences for nothing."
        )


def _table(queue: QueueId, columns: Sequence[Figures | None]) -> list[str]:
    rows = [f"{queue:<16}{'really was':>14}{'replayed':>14}{'with changes':>14}"]
    for name, title, shape in _SHOWN:
        cells = "".join(f"{_cell(column, name, shape):>14}" for column in columns)
        rows.append(f"  {title:<14}{cells}")
    return rows


def _cell(figures: Figures | None, name: str, shape: str) -> str:
    value = getattr(figures, name) if figures is not None else float("nan")
    if isnan(value):
        return "-"
    number, _, unit = shape.partition(" ")
    return f"{value:{number}}{f' {unit}' if unit else ''}"


def _plain(figures: Figures) -> dict[str, float | None]:
    return {name: None if isnan(value) else round(value, 4) for name, value in asdict(figures).items()}
