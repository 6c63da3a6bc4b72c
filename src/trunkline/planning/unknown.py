"""What a replay cannot know, estimated from the stretch itself, and the same for one contact however often it is asked.

Patience is known of those who gave up; of the others only that it was longer than their wait. Kaplan and Meier's
estimate ("Nonparametric estimation from incomplete observations", 1958) says from both how many have patience for how
long, and whoever would wait longer than they did gives up by it, given that they waited so long already.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from math import inf
from random import Random

from trunkline.core.ids import QueueId
from trunkline.planning.past import Stay


class Patience:
    """How long people wait before they give up, from waits that ended so and waits that ended otherwise."""

    def __init__(self, waits: Iterable[tuple[float, bool]]) -> None:
        """`waits` in seconds, each with whether it ended by giving up."""
        ordered = sorted(waits, key=lambda each: (each[0], not each[1]))
        self._times: list[float] = []
        self._gone: list[float] = []
        """The share of people who give up by the time at the same place."""
        share, left = 1.0, len(ordered)
        for wait, gave_up in ordered:
            if gave_up:
                share *= (left - 1) / left
                self._times.append(wait)
                self._gone.append(1.0 - share)
            left -= 1

    def beyond(self, wait: float, chance: float) -> float | None:
        """Return the patience of somebody who has waited so long; None: longer than anybody's that is known.

        `chance`, from 0 to 1, says which of all such people they are.
        """
        place = bisect_right(self._times, wait)
        gone = self._gone[place - 1] if place else 0.0
        found = bisect_left(self._gone, 1.0 - (1.0 - gone) * chance, lo=place)
        return self._times[found] if found < len(self._times) else None


class Unknown:
    """Answers for the contacts of one stretch."""

    def __init__(self, stays: Sequence[Stay], until: float) -> None:
        waits: dict[QueueId, list[tuple[float, bool]]] = {}
        self._handling: dict[QueueId, list[float]] = {}
        self._rings: dict[QueueId, list[float]] = {}
        for stay in stays:
            queue = stay.entry.queue
            wait = stay.wait if stay.wait is not None else until - stay.came
            waits.setdefault(queue, []).append((wait, stay.abandoned))
            if stay.handling is not None:
                self._handling.setdefault(queue, []).append(stay.handling)
            if stay.ring is not None:
                self._rings.setdefault(queue, []).append(stay.ring)
        self._patience = {queue: Patience(each) for queue, each in waits.items()}
        self._until = until

    def patience(self, stay: Stay) -> float | None:
        """Return after which wait somebody gives up; None: never within the stretch."""
        if stay.wait is not None and not stay.answered:
            return stay.wait
        wait = stay.wait if stay.wait is not None else self._until - stay.came
        return self._patience[stay.entry.queue].beyond(wait, _chance(stay, "patience"))

    def handling(self, stay: Stay) -> float:
        """Return how long an agent has somebody: as it was, else as long as another's of the same queue.

        Who was with an agent still when the stretch ended is there at least as long; longer than it if nobody else was.
        """
        if stay.handling is not None:
            return stay.handling
        least = self._until - stay.came - stay.wait if stay.answered and stay.wait is not None else 0.0
        return _drawn(self._handling, stay, "handling", least=least, other=inf if least else 0.0)

    def ring(self, stay: Stay) -> float:
        """Return how long it rings until the agent answers: as it was, else as long as for another."""
        return stay.ring if stay.ring is not None else _drawn(self._rings, stay, "ring")


def _drawn(
    known: dict[QueueId, list[float]], stay: Stay, what: str, *, least: float = 0.0, other: float = 0.0
) -> float:
    those = known.get(stay.entry.queue) or [each for every in known.values() for each in every]
    if least:
        those = [each for each in those if each >= least]
    return those[int(_chance(stay, what) * len(those))] if those else other


def _chance(stay: Stay, what: str) -> float:
    # By the contact alone, so that every replay meets the same people.
    return Random(f"{stay.id} {what}").random()  # noqa: S311 - no secret
