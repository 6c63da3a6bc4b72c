"""`wait`: let the run rest, for minutes or for days."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import BeforeValidator

from trunkline.flows.fields import Name, duration
from trunkline.flows.steps.step import Flaw, Go, Scene, Step, Turn, UnfitAnswer, Way
from trunkline.flows.talk import Answer, Pause, Woke

MOST_DAYS = 60


def _long(value: object) -> timedelta:
    """Read `20m`, `6h` or `3d`."""
    match = re.fullmatch(r"([0-9]{1,2})d", value) if isinstance(value, str) else None
    if match is None:
        return duration(value)
    if not 1 <= int(match[1]) <= MOST_DAYS:
        raise ValueError(f'"{value}" is not between 1s and {MOST_DAYS}d')
    return timedelta(days=int(match[1]))


class WaitStep(Step):
    """Rest for a while, counted from the arrival at this step, and go on."""

    kind: ClassVar[str] = "wait"

    wait: Annotated[timedelta, BeforeValidator(_long)]
    next: Name

    def enter(self, scene: Scene) -> Turn:
        """Rest; a run that is taken up again still wakes when it was to."""
        return Pause((scene.since or scene.now) + self.wait)

    def answered(self, scene: Scene, answer: Answer) -> Turn:
        """Go on when the time has come."""
        del scene
        if isinstance(answer, Woke):
            return Go(self.next)
        raise UnfitAnswer("a step of kind wait", answer)

    def ways(self) -> Sequence[Way]:
        """List the one way on."""
        return (Way(self.next, ("next",), "next goes to", by_itself=True),)

    def flaws(self, media: Sequence[str], language: str) -> Sequence[Flaw]:
        """Refuse long rests while a caller is on the line."""
        del language
        if "voice" in media and self.wait > timedelta(minutes=1):
            hint = 'lead callers past it: switch: [{when: medium == "voice", go: …}]'
            return (Flaw(("wait",), "medium", "a caller would wait in silence for more than a minute", hint),)
        return ()
