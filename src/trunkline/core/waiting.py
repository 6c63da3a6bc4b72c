"""How long somebody is going to wait, and how far such guesses have been off: what is not known well is not said."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from trunkline.core.ids import QueueId

BACK_TESTS = 50
"""From how many of the last who were served a queue learns."""
ENOUGH = 10
"""With fewer than so many nothing is foretold."""
LATELY = 20
"""How many handling times the mean is taken from."""
_LEAST_S = 15.0
_WIDEST = 2.5
_NARROW_ENOUGH = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Guesses:
    """Two guesses of one wait in seconds, either None where it cannot be made."""

    by_queue: float | None
    """From the place in line, the mean handling time and the agents at work."""
    by_last: float | None
    """As long as the last who was served has waited (Ibrahim and Whitt, Real-time delay estimation, 2009: LES)."""


@dataclass(frozen=True, slots=True)
class Band:
    """Between what a wait is expected to be: eight of ten guesses like it came true so."""

    low: timedelta
    high: timedelta


@dataclass(frozen=True, slots=True)
class WaitTold:
    """A wait that ended with an agent, and what had been expected of it, in seconds, when it began."""

    queue: QueueId
    at: datetime
    waited: timedelta
    by_queue_s: float | None = None
    by_last_s: float | None = None


def expected_wait(position: int, *, handling: timedelta | None, agents: int) -> timedelta | None:
    """Return the wait to expect at a place in line: `position` handlings shared by `agents`, or None when unknown.

    Each of `agents` ends a contact every `handling` on average, so that the queue moves up once every
    `handling / agents`; for exponential handling times this is the mean of the wait given that all are busy.
    """
    if handling is None or agents < 1:
        return None
    return handling * position / agents


class QueueWaits:
    """What one queue's waits have been, as far as the next ones can be told from them."""

    def __init__(self) -> None:
        self._handled: deque[timedelta] = deque(maxlen=LATELY)
        self._last: float | None = None
        self._by_queue: deque[tuple[float, float]] = deque(maxlen=BACK_TESTS)
        self._by_last: deque[tuple[float, float]] = deque(maxlen=BACK_TESTS)

    def handled(self, took: timedelta) -> None:
        """Learn how long a contact took, from the answer to the end of its wrap-up."""
        self._handled.append(took)

    def served(self, waited: timedelta, guesses: Guesses | None) -> None:
        """Learn how long somebody waited, for whom these guesses were made when they came."""
        self._last = waited.total_seconds()
        if guesses is not None and guesses.by_queue is not None:
            self._by_queue.append((guesses.by_queue, self._last))
        if guesses is not None and guesses.by_last is not None:
            self._by_last.append((guesses.by_last, self._last))

    def guesses(self, position: int, *, agents: int) -> Guesses:
        """Return what to expect of somebody who comes now, at this place in line."""
        handling = sum(self._handled, timedelta()) / len(self._handled) if len(self._handled) >= 3 else None
        by_queue = expected_wait(position, handling=handling, agents=agents)
        return Guesses(by_queue.total_seconds() if by_queue is not None else None, self._last)

    def band(self, position: int, waited: timedelta, *, agents: int) -> Band | None:
        """Return how much longer somebody at this place will wait, or None while that is not known well enough."""
        guesses = self.guesses(position, agents=agents)
        by_last = guesses.by_last - waited.total_seconds() if guesses.by_last is not None else None
        left, tests = self._better(guesses.by_queue, by_last)
        if left is None or len(tests) < ENOUGH:
            return None
        ratios = sorted(max(actual, _LEAST_S) / max(guess, _LEAST_S) for guess, actual in tests)
        left = max(left, _LEAST_S)
        low, high = (timedelta(seconds=left * quantile(ratios, part)) for part in (0.1, 0.9))
        too_wide = high > low * _WIDEST and high - low > _NARROW_ENOUGH
        return None if too_wide else Band(low, high)

    def _better(
        self, by_queue: float | None, by_last: float | None
    ) -> tuple[float | None, Sequence[tuple[float, float]]]:
        """Return the guess of the kind that has been off by less, with how such guesses came true."""
        known = [
            (error_of(tests), number, guess, tests)
            for number, (guess, tests) in enumerate(((by_queue, self._by_queue), (by_last, self._by_last)))
            if guess is not None and len(tests) >= ENOUGH
        ]
        if not known:
            return None, ()
        _, _, guess, tests = min(known, key=lambda each: each[:2])
        return guess, tests


def error_of(tests: Sequence[tuple[float, float]]) -> float:
    """Return the median of how far guesses were off, in seconds."""
    return median(abs(guess - actual) for guess, actual in tests)


def quantile(ordered: Sequence[float], part: float) -> float:
    """Return the value below which that part of an ordered, not empty list lies (nearest rank)."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
