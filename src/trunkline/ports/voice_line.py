"""What a flow can do with a caller who is on the line: speak, listen, record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from trunkline.core.errors import Unavailable


class LineGone(Unavailable):
    """The caller hung up, or the channel left the flow; nothing more can be said on it."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the line is gone: {why}", retry=False)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a recording became. `ended_by` is `digit`, `silence` or `length`; a caller who hangs up raises LineGone."""

    file: Path
    length: timedelta
    ended_by: str


class VoiceLine(Protocol):
    """One caller's line while a flow is talking. One command at a time; every one raises LineGone when it is over."""

    async def play(self, sounds: Sequence[Path], *, stop_on: str = "") -> str | None:
        """Play sound files one after the other; a key out of `stop_on` ends them and is returned."""

    async def wait_for_key(self, within: timedelta) -> str | None:
        """Return the next key pressed (0-9 * #), or None when the time is over."""

    async def rest(self, time: timedelta) -> None:
        """Say nothing for so long; keys that are pressed meanwhile mean nothing."""

    async def record(
        self,
        file: Path,
        *,
        at_most: timedelta,
        silence: timedelta,
        beep: bool,
        stop_on: str,
        after: timedelta = timedelta(),
    ) -> Recorded:
        """Record the caller into `file` (8 kHz 16-bit WAV) until a key, silence or the length ends it.

        So much of what the file holds is kept, and the caller recorded `after` it; the length told is that of both.
        """

    async def keep(self, time: timedelta) -> None:
        """Renew the guard: for this long the switch leaves the caller with us."""

    async def hang_up(self) -> None:
        """End the call."""
