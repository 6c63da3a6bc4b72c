"""What a directed caller does, step by step, and what it tells of it: the story of one test call."""

import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from trunkline.core.errors import Rejected
from trunkline.simulate import sound
from trunkline.simulate.caller import Caller, CallRefused
from trunkline.simulate.ear import Ear, Heard, Kind
from trunkline.simulate.line import Ended, Event, MediaChanged, Progressed
from trunkline.simulate.rtp import KEYS, RATE

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "": 1.0}
_PROMPT = 20.0
"""Seconds after which a key is pressed though the prompt has not ended."""
_REST = 0.8
"""Seconds of silence that end a prompt."""


@dataclass(frozen=True, slots=True)
class Press:
    """Press these keys; `at_once` or after the prompt has ended."""

    keys: str
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Only listen for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the story: seconds since dialling, what, a sentence, and facts for a machine."""

    at: float
    what: str
    sentence: str
    facts: dict[str, Any] = field(default_factory=dict)


def seconds(text: str) -> float:
    """Return the seconds of `20s`, `500ms`, `2m` or `7`; raises ValueError."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|)\s*", text)
    if match is None:
        raise ValueError(f"{text!r} is no time: write 20s, 500ms or 2m")
    return float(match[1]) * _UNITS[match[2]]


def plan(text: str) -> tuple[Press | Wait, ...]:
    """Return the steps of `1,wait 3s,2#`; raises ValueError.

    Keys are pressed when the prompt has ended, right after a `wait` at once.
    """
    steps: list[Press | Wait] = []
    for part in (part.strip() for part in text.split(",") if part.strip()):
        if part.startswith("wait"):
            steps.append(Wait(seconds(part.removeprefix("wait"))))
        elif set(part.upper()) <= set(KEYS):
            steps.append(Press(part.upper(), at_once=bool(steps) and isinstance(steps[-1], Wait)))
        else:
            raise ValueError(f"{part!r} is neither keys (0-9 * # A-D) nor `wait 3s`")
    return tuple(steps)


class Script:
    """Directs one dialled caller and tells what happens, as it happens."""

    def __init__(self, caller: Caller, steps: Sequence[Press | Wait], *, patience: float, stay: float) -> None:
        """Wait for the answer no longer than `patience`, hang up `stay` seconds after it."""
        self._caller, self._steps = caller, steps
        self._patience, self._stay = patience, stay
        self._ear, self._judged = Ear(), 0
        self._signalling: list[Step] = []
        caller.on_event = self._note

    async def tell(self) -> AsyncIterator[Step]:
        """Yield the story until the call is over; hangs up when its time has come."""
        caller = self._caller
        try:
            took = await caller.answered(self._patience)
        except CallRefused:
            for step in [*self._new(), self._last()]:
                yield step
            return
        except TimeoutError:
            await caller.hang_up()
            for step in self._new():
                yield step
            yield self._step("not answered", f"not answered within {self._patience:g} s, gave up")
            return
        for step in self._new():
            yield step
        yield self._step("answered", f"answered after {took * 1000:.0f} ms", ms=round(took * 1000, 1))
        async for step in self._follow():
            yield step
        if caller.ended is None:
            await caller.hang_up()
        for step in [*self._new(), *self._heard(self._ear.finish()), self._last()]:
            yield step

    async def _follow(self) -> AsyncIterator[Step]:
        leave = (self._caller.answered_at or 0.0) + self._stay
        for action in self._steps:
            until = min(time.monotonic() + (action.seconds if isinstance(action, Wait) else _PROMPT), leave)
            listens_for_end = isinstance(action, Press) and not action.at_once
            if isinstance(action, Wait) or listens_for_end:
                async for step in self._listen(until, for_end_of_prompt=listens_for_end):
                    yield step
            if self._caller.ended is not None or time.monotonic() >= leave:
                return
            if isinstance(action, Press):
                try:
                    await self._caller.press(action.keys)
                except CallRefused:
                    return
                except Rejected as fault:
                    yield self._step("cannot press", f"could not press {action.keys}: {fault}")
                    return
                yield self._step("pressed", f"pressed {action.keys}", keys=action.keys)
        async for step in self._listen(leave):
            yield step

    async def _listen(self, until: float, *, for_end_of_prompt: bool = False) -> AsyncIterator[Step]:
        start, began = self._caller.heard_s, False
        while self._caller.ended is None and time.monotonic() < until:
            with suppress(TimeoutError):
                await self._caller.over(min(0.1, max(until - time.monotonic(), 0.001)))
            for step in self._new():
                yield step
            if for_end_of_prompt:
                samples = self._caller.audio(max(start, self._caller.heard_s - _REST))
                loud = sound.rms(samples) >= sound.QUIET
                if began and not loud and len(samples) >= _REST * RATE * 0.9:
                    return
                began = began or loud

    def _new(self) -> list[Step]:
        """What has happened since we last looked: signalling first, then what was heard to its end."""
        noted, self._signalling = self._signalling, []
        samples = self._caller.audio(self._judged / RATE)
        self._judged += len(samples)
        return noted + self._heard(self._ear.hear(samples))

    def _heard(self, things: Sequence[Heard]) -> list[Step]:
        since = (self._caller.listening_since or self._caller.dialled_at) - self._caller.dialled_at
        return [
            Step(
                since + thing.start,
                "heard",
                str(thing) if thing.kind is Kind.SILENCE else f"heard {thing}",
                {"kind": str(thing.kind), "seconds": round(thing.end - thing.start, 2)}
                | ({"frequency": thing.frequency} if thing.frequency else {}),
            )
            for thing in things
        ]

    def _note(self, event: Event) -> None:
        if isinstance(event, Progressed) and event.status > 100:
            early = ", with sound" if event.media else ""
            word = "ringing" if event.status == 180 else "progress"
            self._signalling.append(
                self._step(word, f"{word}{early} ({event.status} {event.reason})", status=event.status)
            )
        elif isinstance(event, MediaChanged):
            held = not event.media.wants_audio
            self._signalling.append(
                self._step("held" if held else "audio changed", "put on hold" if held else "audio again")
            )

    def _step(self, what: str, sentence: str, **facts: Any) -> Step:
        return Step(time.monotonic() - self._caller.dialled_at, what, sentence, facts)

    def _last(self) -> Step:
        ended = self._caller.ended or Ended("network", 408, "nothing came back")
        return self._step("ended", ended.why, by=ended.by, status=ended.status)
