"""VoiceLine over AsyncAGI: speak to one caller, listen, record.

AGI is reached through AMI's `AGI` action. Its answer says only that the command was queued; the result comes as an
AsyncAGIExec with our CommandID. A command that was queued when the caller hung up never answers, so each waits for the
first of its result, the end of the line, the loss of the switch, and its deadline.

Keys: Asterisk reads and drops the keys that are pressed between two commands, and those that a command does not listen
for. Its DTMFEnd events tell of all of them, so what a caller types ahead is kept here until somebody asks for a key.
"""

import asyncio
import logging
import math
from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from trunkline.core.call import Call
from trunkline.core.errors import Unavailable
from trunkline.core.ids import new_id
from trunkline.ports.voice_line import LineGone, Recorded
from trunkline.telephony import agi
from trunkline.telephony.ami import Ami, Refused
from trunkline.telephony.wire import Message

log = logging.getLogger(__name__)

_RATE = 8000
_BYTES_A_SECOND = 2 * _RATE
_ANSWER_WITHIN = 5.0
"""Seconds that a command may take beyond what it plays, waits or records."""
_GUARD_LEFT, _GUARD_SET = 3.0, 8.0
"""The guard is renewed when it would be left with less than the one, and then set to the other, beyond a command."""
_KEY_SLICE = 1.0
"""Seconds; a key that fell between two commands is noticed no later than this."""


class AgiLines:
    """The lines of one switch: hears for each what happens to it."""

    def __init__(self, ami: Ami, inside: Callable[[Path], str]) -> None:
        """`inside` says how Asterisk names a file of ours (AsteriskPaths.inside)."""
        self.ami, self.inside = ami, inside
        self._lines: dict[str, AgiLine] = {}
        self._left: set[str] = set()
        ami.tap("AsyncAGIStart", self._started)
        ami.tap("AsyncAGIExec", self._executed)
        ami.tap("AsyncAGIEnd", self._ended)
        ami.tap("Hangup", self._ended)
        ami.tap("DTMFEnd", self._key_pressed)
        ami.tap_loss(self._lost)

    def open(self, call: Call) -> "AgiLine":
        """Return the line of a caller whose LineOpened has come; an earlier line of the same caller is over."""
        self._end(call.id.uniqueid, "another flow has taken over")
        line = AgiLine(self, call)
        if call.id.uniqueid in self._left:
            # Asterisk would take commands all the same, and carry them out when the caller is next in a flow.
            line.end("the caller left the flow")
        else:
            self._lines[call.id.uniqueid] = line
        return line

    def _started(self, message: Message) -> None:
        self._left.discard(message.get("Uniqueid", ""))

    def _executed(self, message: Message) -> None:
        if (line := self._lines.get(message.get("Uniqueid", ""))) is not None:
            line.executed(message.get("CommandId") or message.get("CommandID", ""), message.get("Result", ""))

    def _ended(self, message: Message) -> None:
        uniqueid, hung_up = message.get("Uniqueid", ""), message.get("Event") == "Hangup"
        (self._left.discard if hung_up else self._left.add)(uniqueid)
        self._end(uniqueid, "the caller hung up" if hung_up else "the caller left the flow")

    def _key_pressed(self, message: Message) -> None:
        line = self._lines.get(message.get("Uniqueid", ""))
        if line is not None and message.get("Direction") != "Sent":
            line.pressed(message.get("Digit", ""))

    def _lost(self) -> None:
        self._left.clear()
        for uniqueid in list(self._lines):
            self._end(uniqueid, "the switch was lost")

    def _end(self, uniqueid: str, why: str) -> None:
        line = self._lines.pop(uniqueid, None)
        if line is not None:
            line.end(why)


class AgiLine:
    """VoiceLine: one caller in AsyncAGI."""

    def __init__(self, lines: AgiLines, call: Call) -> None:
        self.call = call
        self._ami, self._inside = lines.ami, lines.inside
        self._waiting: dict[str, asyncio.Future[str]] = {}
        self._gone: str | None = None
        self._guarded_until = 0.0
        self._typed: deque[str] = deque()
        self._taken_early: deque[str] = deque()

    async def play(self, sounds: Sequence[Path], *, stop_on: str = "") -> str | None:
        """Play sound files one after the other; a key out of `stop_on` ends them and is returned.

        Keys that are not in `stop_on` are kept for whoever asks next. A missing file is left out.
        """
        for sound in sounds:
            if (key := self._typed_ahead(stop_on)) is not None:
                return key
            if not sound.exists():
                log.warning("sound missing", extra={"file": str(sound), "channel": self.call.channel})
                continue
            seconds = length_of(sound).total_seconds()
            name = self._inside(sound.with_suffix(""))
            played = await self._command(agi.command("STREAM FILE", name, stop_on), lasts=seconds)
            if played.key is not None:
                self._took(played.key)
                return played.key
            if played.is_failed:
                # Asterisk leaves AGI when it cannot open a sound, as it does when the caller hangs up.
                raise LineGone(f"{sound.name} was not played: the caller hung up, or Asterisk cannot read it")
        return self._typed_ahead(stop_on)

    async def wait_for_key(self, within: timedelta) -> str | None:
        """Return the next key pressed (0-9 * #), one typed ahead first, or None when the time is over."""
        clock = asyncio.get_running_loop().time
        until = clock() + within.total_seconds()
        while True:
            if self._typed:
                return self._typed.popleft()
            left = min(until - clock(), _KEY_SLICE)
            if left <= 0:
                return None
            waited = await self._command(agi.command("WAIT FOR DIGIT", str(max(1, round(left * 1000)))), lasts=left)
            if waited.key is not None:
                self._took(waited.key)
                return waited.key
            if waited.is_failed:
                raise LineGone("the caller hung up")

    async def rest(self, time: timedelta) -> None:
        """Say nothing for so long; keys that are pressed meanwhile mean nothing."""
        clock = asyncio.get_running_loop().time
        until = clock() + time.total_seconds()
        while (left := until - clock()) > 0:
            await self.wait_for_key(timedelta(seconds=left))
        self._typed.clear()

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
        """Record the caller into `file` (8 kHz 16-bit WAV), `after` what is kept of it, until something ends it."""
        self._typed.clear()
        seconds = at_most.total_seconds()
        # Asterisk cuts the file there; without a place to begin at it begins a new one.
        options = [str(round(after.total_seconds() * _RATE))] if after else []
        options += ["BEEP"] if beep else []
        quiet = math.ceil(silence.total_seconds())
        text = agi.command(
            "RECORD FILE",
            self._inside(file.with_suffix("")),
            file.suffix.removeprefix(".") or "wav",
            stop_on,
            str(round(seconds * 1000)),
            *options,
            *([f"s={quiet}"] if quiet > 0 else []),
        )
        began = asyncio.get_running_loop().time()
        recorded = await self._command(text, lasts=seconds)
        took = asyncio.get_running_loop().time() - began
        if recorded.is_failed:
            raise LineGone(f"the recording ended: {recorded.why or recorded.code}")
        length = timedelta(seconds=recorded.samples / _RATE)
        # Without "(dtmf)" the number is no key: after silence or the full length it is what Asterisk had left over.
        if recorded.why == "dtmf":
            self._took(recorded.key or "")
            return Recorded(file, length, "digit")
        return Recorded(file, length, "length" if quiet <= 0 or took >= seconds else "silence")

    async def keep(self, time: timedelta) -> None:
        """Renew the guard: for this long the switch leaves the caller with us."""
        if self._gone is not None:
            raise LineGone(self._gone)
        seconds = max(1, math.ceil(time.total_seconds()))
        # By AMI, not by AGI: it works at once, also while a command runs.
        action = {"Action": "Setvar", "Channel": self.call.channel, "Variable": "TIMEOUT(absolute)"}
        await self._act({**action, "Value": str(seconds)})
        self._guarded_until = asyncio.get_running_loop().time() + seconds

    async def hang_up(self) -> None:
        """End the call."""
        try:
            await self._act({"Action": "Hangup", "Channel": self.call.channel, "Cause": "16"})
        except LineGone:
            log.debug("hung up before we did", extra={"channel": self.call.channel})

    def executed(self, command_id: str, result: str) -> None:
        """Take the result of a command."""
        waiting = self._waiting.get(command_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(result)

    def pressed(self, key: str) -> None:
        """Keep a key, unless a command has already told of it."""
        if self._taken_early and self._taken_early[0] == key:
            self._taken_early.popleft()
        elif key:
            self._typed.append(key)

    def end(self, why: str) -> None:
        """Tell whoever waits that the line is gone."""
        self._gone = self._gone or why
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(LineGone(why))

    def _typed_ahead(self, stop_on: str) -> str | None:
        return self._typed.popleft() if self._typed and self._typed[0] in stop_on else None

    def _took(self, key: str) -> None:
        """A command returned a key: its DTMFEnd has come, or is still to come."""
        if key in self._typed:
            self._typed.remove(key)
        else:
            self._taken_early.append(key)

    async def _command(self, text: str, *, lasts: float) -> agi.AgiResult:
        """Run one AGI command that takes about `lasts` seconds."""
        loop = asyncio.get_running_loop()
        if self._guarded_until - loop.time() < lasts + _GUARD_LEFT:
            await self.keep(timedelta(seconds=lasts + _GUARD_SET))
        if self._gone is not None:
            raise LineGone(self._gone)
        command_id = new_id()
        waiting = self._waiting[command_id] = loop.create_future()
        try:
            async with asyncio.timeout(lasts + _ANSWER_WITHIN):
                action = {"Action": "AGI", "Channel": self.call.channel, "Command": text, "CommandID": command_id}
                await self._act(action)
                return agi.result(await waiting)
        except TimeoutError as late:
            raise LineGone("the switch did not carry out a command in time") from late
        finally:
            del self._waiting[command_id]
            # A loss that was told while the action itself failed is nobody's news any more.
            if waiting.done() and not waiting.cancelled():
                waiting.exception()

    async def _act(self, action: dict[str, str]) -> None:
        try:
            await self._ami.act(action)
        except Refused as refused:
            raise LineGone(refused.reason) from refused
        except Unavailable as lost:
            raise LineGone(self._gone or str(lost)) from lost


def length_of(sound: Path) -> timedelta:
    """Return how long a WAV file of 8 kHz and 16 bit plays."""
    return timedelta(seconds=max(0, sound.stat().st_size - 44) / _BYTES_A_SECOND)
