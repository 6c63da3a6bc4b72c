"""One connection to a message centre: bound, kept alive, with a window of what is not answered yet."""

import asyncio
import itertools
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from trunkline.channels.sms import smpp_wire as wire
from trunkline.channels.sms.smpp_wire import Command, Pdu
from trunkline.core.errors import Unavailable

CONNECT_WITHIN_S = 10.0
ANSWER_WITHIN_S = 10.0
ALIVE_EVERY_S = 20.0
MOST_UNANSWERED = 10
"""Message centres allow so many at least."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where a message centre is, and as whom we are there."""

    host: str
    port: int
    tls: bool
    system_id: str
    password: str
    system_type: str


class SmppLink:
    """It lives until `run` ends, which it does by an exception: Unavailable, or by being cancelled."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._sequences = itertools.count(1)
        self._unanswered: dict[int, asyncio.Future[Pdu]] = {}
        self._window = asyncio.Semaphore(MOST_UNANSWERED)

    @classmethod
    async def bound(cls, account: Account) -> "SmppLink":
        """Connect and bind; raises Unavailable."""
        context = ssl.create_default_context() if account.tls else None
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                reader, writer = await asyncio.open_connection(account.host, account.port, ssl=context)
        except (OSError, TimeoutError) as fault:
            raise Unavailable(f"the message centre cannot be reached: {fault or 'no answer'}") from fault
        link = cls(reader, writer)
        try:
            body = wire.bind(account.system_id, account.password, account.system_type)
            link._send(wire.pdu(Command.BIND_TRANSCEIVER, next(link._sequences), body))
            async with asyncio.timeout(ANSWER_WITHIN_S):
                answer = await link._read()
        except BaseException as fault:
            link.close()
            if isinstance(fault, TimeoutError):
                raise Unavailable("the message centre does not answer") from fault
            raise
        if answer.status != wire.OK:
            link.close()
            raise wire.bind_fault(answer.status)
        return link

    async def run(self, take: Callable[[Pdu], Awaitable[None]], asks: Callable[[], Callable[[], None]]) -> None:
        """Read until it breaks; raises a group of Unavailable. `take` takes each deliver_sm, in their order.

        `asks` is called before each question whether the other side is there, and what it returns after the answer:
        whatever we sent before the question has come there.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_alive(asks))
            while True:
                pdu = await self._read()
                if pdu.is_answer:
                    waiting = self._unanswered.pop(pdu.sequence, None)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(pdu)
                elif pdu.command == Command.DELIVER_SM:
                    await take(pdu)
                elif pdu.command in (Command.ENQUIRE_LINK, Command.UNBIND):
                    self._send(wire.pdu(pdu.command, pdu.sequence, answer=True))
                    if pdu.command == Command.UNBIND:
                        raise Unavailable("the message centre said goodbye")
                else:
                    # ESME_RINVCMDID (5.1.3).
                    self._send(wire.pdu(0, pdu.sequence, status=0x03, answer=True))

    async def request(self, command: int, body: bytes = b"") -> Pdu:
        """Send a PDU and return its answer; raises Unavailable when the outcome is not known."""
        async with self._window:
            sequence = next(self._sequences)
            answer: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
            self._unanswered[sequence] = answer
            try:
                self._send(wire.pdu(command, sequence, body))
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    return await answer
            except TimeoutError as fault:
                raise Unavailable("the message centre did not answer") from fault
            finally:
                self._unanswered.pop(sequence, None)

    def answer(self, to: Pdu, status: int = wire.OK) -> None:
        """Acknowledge a deliver_sm, or say that it is to come again."""
        self._send(wire.pdu(Command.DELIVER_SM, to.sequence, b"\0", status=status, answer=True))

    def close(self) -> None:
        """Leave; whoever waits for an answer does not know the outcome."""
        for waiting in self._unanswered.values():
            if not waiting.done():
                waiting.set_exception(Unavailable("the message centre was lost"))
                waiting.exception()  # somebody may have given up on it already
        self._unanswered.clear()
        with suppress(OSError, RuntimeError):
            self._writer.close()

    async def _keep_alive(self, asks: Callable[[], Callable[[], None]]) -> None:
        while True:
            await asyncio.sleep(ALIVE_EVERY_S)
            alive = asks()
            await self.request(Command.ENQUIRE_LINK)
            alive()

    def _send(self, raw: bytes) -> None:
        if self._writer.is_closing():
            raise Unavailable("the message centre was lost")
        self._writer.write(raw)

    async def _read(self) -> Pdu:
        try:
            length = int.from_bytes(head := await self._reader.readexactly(4), "big")
            if not wire.HEADER.size <= length <= wire.LARGEST_PDU:
                raise Unavailable("the message centre sends what is no SMPP")
            return wire.pdu_of(head + await self._reader.readexactly(length - 4))
        except (OSError, EOFError) as fault:
            raise Unavailable("the message centre was lost") from fault
