"""A message centre on a port of ours, which misbehaves on order. It speaks SMPP 3.4 by its own hands."""

import asyncio
import itertools
import struct
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

SYSTEM_ID, PASSWORD = "trunk", "of-tests"


def cstr(body: bytes, at: int) -> tuple[str, int]:
    end = body.index(b"\0", at)
    return body[at:end].decode("latin-1"), end + 1


@dataclass
class Submitted:
    """What was given to the message centre."""

    source: str
    to: str
    esm_class: int
    receipt: int
    coding: int
    data: bytes


@dataclass
class SmppPeer:
    """Look at `.submitted`. `orders` says what the next submits come to.

    A number is answered as a status; `silent` takes it without a word, `cut` takes it and closes, `deaf` only closes.
    """

    port: int = 0
    orders: deque[int | str] = field(default_factory=deque)
    submitted: list[Submitted] = field(default_factory=list)
    answers: list[tuple[int, int]] = field(default_factory=list)
    binds: list[tuple[str, str]] = field(default_factory=list)
    refuse: bool = False
    came: asyncio.Condition = field(default_factory=asyncio.Condition)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))
    _sequences: Any = field(default_factory=lambda: itertools.count(1000))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                length, command, status, sequence = struct.unpack(">IIII", await reader.readexactly(16))
                await self._hear(writer, command, status, sequence, await reader.readexactly(length - 16))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _hear(self, writer: asyncio.StreamWriter, command: int, status: int, sequence: int, body: bytes) -> None:
        def answer(code: int = 0, more: bytes = b"") -> None:
            writer.write(struct.pack(">IIII", 16 + len(more), command | 0x80000000, code, sequence) + more)

        if command == 0x09:
            system_id, at = cstr(body, 0)
            password, _ = cstr(body, at)
            self.binds.append((system_id, password))
            good = (system_id, password) == (SYSTEM_ID, PASSWORD) and not self.refuse
            answer(0 if good else 0x0E, b"centre\0")
        elif command == 0x04:
            self._submit(writer, body, answer)
        elif command == 0x15:
            answer()
        elif command & 0x80000000:
            self.answers.append((sequence, status))
        async with self.came:
            self.came.notify_all()

    def _submit(self, writer: asyncio.StreamWriter, body: bytes, answer: Any) -> None:
        order = self.orders.popleft() if self.orders else 0
        if order == "deaf":
            writer.transport.abort()
            return
        if not order or isinstance(order, str):
            self.submitted.append(submitted(body))
        if order == "cut":
            writer.transport.abort()
        elif order != "silent":
            answer(order, f"m{next(self._numbers)}\0".encode() if not order else b"")

    async def until(self, holds: Any, within: float = 8) -> None:
        """Wait until something came of it."""
        async with asyncio.timeout(within), self.came:
            await self.came.wait_for(holds)

    async def delivers(
        self, text: bytes, *, source: str = "447700900123", esm_class: int = 0, coding: int = 0, options: bytes = b""
    ) -> int:
        """Give us a message; return the status of the answer."""
        sequence = self.gives(text, source=source, esm_class=esm_class, coding=coding, options=options)
        await self.until(lambda: any(number == sequence for number, _ in self.answers))
        return next(status for number, status in self.answers if number == sequence)

    def gives(self, text: bytes, *, source: str, esm_class: int = 0, coding: int = 0, options: bytes = b"") -> int:
        """Send a deliver_sm, and return its number."""
        sequence = next(self._sequences)
        body = (
            b"\0\x01\x01" + source.encode() + b"\0\x01\x01442079460000\0" + bytes([esm_class, 0, 0]) + b"\0\0"
            + bytes([0, 0, coding, 0, len(text)]) + text + options
        )  # fmt: skip
        self.sends(struct.pack(">IIII", 16 + len(body), 0x05, 0, sequence) + body)
        return sequence

    def sends(self, raw: bytes) -> None:
        """Send bytes, whatever they are."""
        for writer in self._writers:
            writer.write(raw)

    def cut(self) -> None:
        """Break every connection."""
        for writer in list(self._writers):
            writer.transport.abort()


def submitted(body: bytes) -> Submitted:
    _, at = cstr(body, 0)
    source, at = cstr(body, at + 2)
    to, at = cstr(body, at + 2)
    esm_class = body[at]
    _, at = cstr(body, at + 3)
    _, at = cstr(body, at)
    receipt, coding, length = body[at], body[at + 2], body[at + 4]
    return Submitted(source, to, esm_class, receipt, coding, body[at + 5 : at + 5 + length])


@asynccontextmanager
async def smpp_peer(port: int = 0) -> AsyncIterator[SmppPeer]:
    """Open it."""
    peer = SmppPeer()
    server = await asyncio.start_server(peer.serve, "127.0.0.1", port)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        peer.cut()
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                await server.wait_closed()
