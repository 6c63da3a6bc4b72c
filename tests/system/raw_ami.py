"""A bare AMI peer for tests of the switch itself: what stands between Trunkline and Asterisk is not under test here."""

import asyncio
import itertools
from collections.abc import Mapping
from types import TracebackType
from typing import Self

Message = Mapping[str, str]


class RawAmi:
    """One connection; `seen` keeps every event, `event` takes the next that fits."""

    def __init__(self, port: int, secret: str) -> None:
        self._port, self._secret = port, secret
        self._numbers = itertools.count(1)
        self.seen: list[dict[str, str]] = []
        self._taken = 0

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            await self._reader.readline()
            await self.act(Action="Login", Username="trunkline", Secret=self._secret)
        except BaseException:
            # Nobody leaves what was never entered.
            self._writer.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def abort(self) -> None:
        """Vanish as a killed process does: no Logoff, the socket is reset."""
        self._writer.transport.abort()

    async def act(self, **headers: str) -> Message:
        """Return the response to an action."""
        number = str(next(self._numbers))
        text = "".join(f"{name}: {value}\r\n" for name, value in {**headers, "ActionID": number}.items())
        self._writer.write(f"{text}\r\n".encode())
        async with asyncio.timeout(10):
            while True:
                message = await self._read()
                if message.get("ActionID") == number and "Response" in message:
                    return message
                self.seen.append(message)

    async def event(self, name: str, within_s: float = 10, **headers: str) -> Message:
        """Return the next event of that name with those headers, and forget all before it."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    while self._taken < len(self.seen):
                        message = self.seen[self._taken]
                        self._taken += 1
                        if message.get("Event") == name and headers.items() <= message.items():
                            return message
                    self.seen.append(await self._read())
        except TimeoutError:
            heard = [(m.get("Event"), m.get("Uniqueid"), m.get("ChannelStateDesc")) for m in self.seen[-15:]]
            raise AssertionError(f"no {name} {headers} within {within_s} s; heard {heard}") from None

    async def _read(self) -> dict[str, str]:
        raw = await self._reader.readuntil(b"\r\n\r\n")
        message: dict[str, str] = {}
        for line in raw.decode("utf-8", "replace").split("\r\n"):
            name, colon, value = line.partition(":")
            if colon:
                message[name] = f"{message[name]}\n{value.strip()}" if name in message else value.strip()
        return message
