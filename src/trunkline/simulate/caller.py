"""A caller that a test or the command line directs: it dials, says, presses keys, listens and hangs up."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from trunkline.core.errors import Rejected
from trunkline.simulate import sound
from trunkline.simulate.digest import Credentials
from trunkline.simulate.g711 import Samples
from trunkline.simulate.line import Answered, Ended, Event, Line, MediaChanged, Progressed
from trunkline.simulate.rtp import RATE, Listener, Talker
from trunkline.simulate.sdp import Direction, Media
from trunkline.simulate.sip import OutgoingCall
from trunkline.simulate.sound import Sound

_FRAME_S = 0.02
_MOST_LATE = 10
"""Frames that are made up for after the loop was held up; more are left out."""
_LOOK_EVERY_S = 0.05


class CallRefused(Rejected):
    """The call was not answered, or ended before what we waited for."""

    def __init__(self, ended: Ended) -> None:
        super().__init__(ended.why)
        self.ended = ended


Received = Callable[[bytes, tuple[str, int]], None]


class _Port(asyncio.DatagramProtocol):
    """One UDP socket whose datagrams go to a function, and what the network says against ours to another."""

    def __init__(self, received: Received, refused: Callable[[OSError], None] | None) -> None:
        self._received, self._refused = received, refused

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._received(data, addr)

    def error_received(self, exc: Exception) -> None:
        if self._refused is not None and isinstance(exc, OSError):
            self._refused(exc)


async def _open(
    address: tuple[str, int],
    received: Received,
    *,
    to: tuple[str, int] | None = None,
    refused: Callable[[OSError], None] | None = None,
) -> tuple[asyncio.DatagramTransport, int]:
    """Open a socket; only one that is bound to the far end by `to` is told of an ICMP refusal."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Port(received, refused), local_addr=address, remote_addr=to
    )
    return transport, transport.get_extra_info("sockname")[1]


class Caller:
    """One call through the real switch. Use `Caller.dial`; as a context manager it hangs up at the end."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._sip_port: asyncio.DatagramTransport
        self._rtp_port: asyncio.DatagramTransport
        self._talker = Talker(sound.silence().speaker())
        self._listener = Listener()
        self._call: OutgoingCall
        self._server: tuple[str, int]
        self._media: Media | None = None
        self._source: tuple[str, int] | None = None
        """From where the far end sends, once that is known."""
        self._answered: asyncio.Future[float] = self._loop.create_future()
        self._over: asyncio.Future[Ended] = self._loop.create_future()
        self._timer: asyncio.TimerHandle | None = None
        self._frame_timer: asyncio.TimerHandle | None = None
        self._next_frame = 0.0
        self.dialled_at = 0.0
        """When the INVITE went out, by `time.monotonic`; all seconds below count from other moments as they say."""
        self.answered_at: float | None = None
        self.on_event: Callable[[Event], None] | None = None
        """Told of everything the call's signalling brings, as it comes."""

    @classmethod
    async def dial(
        cls,
        number: str,
        *,
        server: tuple[str, int],
        from_: str | bytes = "+447700900123",
        name: str | bytes = "",
        say: Sound | None = None,
        credentials: Credentials | None = None,
        local: tuple[str, int] = ("127.0.0.1", 0),
        on_event: Callable[[Event], None] | None = None,
    ) -> Self:
        """Place a call and return at once; `answered` waits for the answer.

        `from_` and `name` as bytes go out raw, for hostile tests. The default `local` port is any free one.
        """
        caller = cls()
        caller.on_event = on_event
        caller._sip_port, sip_port = await _open(local, caller._sip_received, to=server, refused=caller._sip_refused)
        try:
            caller._rtp_port, rtp_port = await _open((local[0], 0), caller._rtp_received)
        except BaseException:
            caller._sip_port.close()
            raise
        line = Line(number, server, (local[0], sip_port), rtp_port, from_, name, credentials)
        caller._server, caller._call = server, OutgoingCall(line)
        if say is not None:
            caller.say(say)
        caller.dialled_at = time.monotonic()
        caller._call.dial(caller.dialled_at)
        caller._flush()
        return caller

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.hang_up()

    @property
    def is_up(self) -> bool:
        """Whether the call is answered and not over."""
        return self.answered_at is not None and not self._over.done()

    @property
    def ended(self) -> Ended | None:
        """By whom and why the call ended; None while it lasts."""
        return self._over.result() if self._over.done() else None

    @property
    def on_hold(self) -> bool:
        """Whether the far end has told us not to send."""
        return self._media is not None and self._media.direction in {Direction.SENDS, Direction.NONE}

    @property
    def keys_heard(self) -> str:
        """The keys the far end pressed (RFC 4733)."""
        return self._listener.keys

    @property
    def packets_heard(self) -> int:
        """How many audio packets came."""
        return self._listener.packets

    async def answered(self, within: float = 10.0) -> float:
        """Wait for the answer and return the seconds it took; raises CallRefused, or TimeoutError."""
        async with asyncio.timeout(within):
            await asyncio.wait((self._answered, self._over), return_when=asyncio.FIRST_COMPLETED)
        if not self._answered.done():
            raise CallRefused(self._over.result())
        return self._answered.result()

    async def over(self, within: float = 10.0) -> Ended:
        """Wait until the call has ended and return why; raises TimeoutError."""
        async with asyncio.timeout(within):
            return await asyncio.shield(self._over)

    def say(self, something: Sound) -> None:
        """Say this from now on."""
        self._talker.frame = something.speaker()

    async def press(self, keys: str, within: float | None = None) -> None:
        """Press keys (0-9 * # A-D) as telephone events and return when the last has sounded.

        Raises CallRefused when the call ends first, ValueError for what is no key, TimeoutError.
        """
        if self._media is not None and self._media.events is None:
            raise Rejected("the switch takes no keys as telephone events")
        self._talker.press(keys)
        async with asyncio.timeout(within or 2.0 + len(keys)):
            while self._talker.keys_waiting:
                if self._over.done():
                    if self._talker.keys_unheard:
                        raise CallRefused(self._over.result())
                    return  # the last key was the far end's reason to hang up
                await asyncio.sleep(_FRAME_S)

    async def hang_up(self, within: float = 3.0) -> Ended:
        """Leave the call, give up dialling, or do nothing when it is over; and let the sockets go."""
        try:
            if not self._over.done():
                self._happened(self._call.hang_up(time.monotonic()))
                await self.over(within)
        except TimeoutError:
            self._happened([Ended("network", 408, "we hung up, and the switch did not answer that")])
        finally:
            self._close()
        return self._over.result()

    def audio(self, since: float = 0.0) -> Samples:
        """Return what was heard from so many seconds after the first sound could come: 16-bit samples, 8 kHz."""
        return self._listener.audio_since(int(since * RATE), self._listened_until())

    @property
    def listening_since(self) -> float | None:
        """When `audio` begins, by `time.monotonic`: the answer, or early sound before it."""
        return self._listener.began

    @property
    def heard_s(self) -> float:
        """Seconds of `audio` there are now."""
        return len(self._listener.audio(self._listened_until())) / RATE

    def record(self, path: Path) -> None:
        """Write what was heard so far as a WAV file."""
        sound.write_wav(path, self.audio())

    async def hears(self, judge: Callable[[Samples], bool], within: float, *, since: float | None = None) -> float:
        """Wait until what is heard from now on (or `since`) pleases the judge; return the seconds waited.

        Raises CallRefused when the call ends first, and TimeoutError, which tells what was heard instead.
        """
        start, began = self.heard_s if since is None else since, time.monotonic()
        before = self._listener.sources.copy()
        try:
            async with asyncio.timeout(within):
                while not judge(self.audio(start)):
                    if self._over.done():
                        raise CallRefused(self._over.result())
                    await asyncio.sleep(_LOOK_EVERY_S)
        except TimeoutError:
            came = sorted((self._listener.sources - before).values(), reverse=True)
            told = f"{sum(came)} packets" + (f" of {len(came)} sources ({came})" if len(came) > 1 else "")
            raise TimeoutError(f"in {told}: {sound.describe(self.audio(start))}") from None
        return time.monotonic() - began

    async def hears_tone(self, frequency: float, within: float = 5.0, *, seconds: float = 0.3) -> float:
        """Wait until a tone has sounded for so long; see `hears`."""
        return await self.hears(lambda samples: sound.heard(frequency, samples[-RATE:], seconds=seconds), within)

    async def hears_sound(self, within: float = 5.0, *, seconds: float = 0.2) -> float:
        """Wait until the last so many seconds were sound of any kind; see `hears`."""
        wanted = int(seconds * RATE)
        return await self.hears(
            lambda samples: len(samples) >= wanted and sound.rms(samples[-wanted:]) >= sound.QUIET, within
        )

    async def hears_silence(self, within: float = 5.0, *, seconds: float = 1.0) -> float:
        """Wait until the last so many seconds were silent; see `hears`."""
        wanted = int(seconds * RATE)
        return await self.hears(
            lambda samples: len(samples) >= wanted and sound.rms(samples[-wanted:]) < sound.QUIET, within
        )

    def _listened_until(self) -> float:
        return self._ended_at if self._over.done() else time.monotonic()

    # Signalling

    def _sip_received(self, data: bytes, _from: object) -> None:
        self._happened(self._call.receive(data, time.monotonic()))

    def _sip_refused(self, fault: OSError) -> None:
        host, port = self._server
        nobody = isinstance(fault, ConnectionRefusedError)
        why = "nobody listens there" if nobody else fault.strerror or str(fault)
        self._happened(self._call.give_up(f"{host}:{port} cannot be reached: {why}"))

    def _tick(self) -> None:
        self._timer = None
        self._happened(self._call.tick(time.monotonic()))

    def _flush(self) -> None:
        for data in self._call.outgoing():
            self._sip_port.sendto(data)
        if self._timer is not None:
            self._timer.cancel()
        due = self._call.next_tick()
        wait = 0.0 if due is None else max(due - time.monotonic(), 0.0)
        self._timer = None if due is None else self._loop.call_later(wait, self._tick)

    def _happened(self, events: list[Event]) -> None:
        self._flush()
        for event in events:
            match event:
                case Progressed(media=media):
                    self._listen(media)
                case Answered(media=media):
                    self._answer(media)
                case MediaChanged(media=media):
                    self._listen(media)
                case Ended():
                    self._end(event)
            if self.on_event is not None:
                self.on_event(event)

    def _answer(self, media: Media | None) -> None:
        self.answered_at = time.monotonic()
        self._listen(media)
        self._listener.begin(self.answered_at)
        if not self._answered.done():
            self._answered.set_result(self.answered_at - self.dialled_at)
        self._next_frame = self._loop.time()
        self._speak()

    def _end(self, ended: Ended) -> None:
        if self._over.done():
            return
        self._ended_at = time.monotonic()
        self._over.set_result(ended)
        if self._frame_timer is not None:
            self._frame_timer.cancel()

    def _close(self) -> None:
        for timer in (self._timer, self._frame_timer):
            if timer is not None:
                timer.cancel()
        self._sip_port.close()
        self._rtp_port.close()

    # Audio

    def _listen(self, media: Media | None) -> None:
        if media is not None:
            self._media, self._source = media, None
            self._listener.begin(time.monotonic(), media)

    def _rtp_received(self, data: bytes, from_: tuple[str, int]) -> None:
        """Take a packet of the far end's. What a call before ours left behind may still be sent to this port."""
        if self._media is not None and from_[1] == self._media.port:
            self._source = from_
        if self._source in (None, from_):
            self._listener.receive(data, time.monotonic())

    def _speak(self) -> None:
        """Send the frames that are due by the clock, so that nothing drifts, and come again in 20 ms."""
        late = int((self._loop.time() - self._next_frame) / _FRAME_S)
        if late > _MOST_LATE:
            self._talker.skip(late)
            self._next_frame += late * _FRAME_S
        while self._next_frame <= self._loop.time():
            packet = None if self._media is None else self._talker.next_packet(self._media)
            if packet is not None and self._media is not None:
                self._rtp_port.sendto(packet, (self._media.host, self._media.port))
            self._next_frame += _FRAME_S
        self._frame_timer = self._loop.call_at(self._next_frame, self._speak)
