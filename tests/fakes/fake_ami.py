"""A manager interface to be cruel with: it delays, drops, cuts reads at any byte, repeats events and goes half-open."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence

Fields = Mapping[str, str | Sequence[str]]
Answer = Callable[[dict[str, str]], Iterable[Fields]]


def written(message: Fields) -> bytes:
    """Return a message as Asterisk writes it."""
    lines = [
        f"{key}: {value}"
        for key, values in message.items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class FakeAmi:
    """One Asterisk's manager on a port of its own; use with `async with running(FakeAmi())`."""

    def __init__(self) -> None:
        self.secret = "hush"
        self.port = 0
        self.actions: list[dict[str, str]] = []
        """Every action that came, over all connections, Login and Ping left out."""
        self.pings = 0
        self.logins = 0
        self.mute = False
        """Half-open: takes everything, says nothing."""
        self.is_booted = True
        self.login_refused = ""
        """Why nobody is let in; empty: whoever knows the secret is."""
        self.deaf_to: set[str] = set()
        """Names of actions that get no answer."""
        self.answers: dict[str, Answer] = {}
        self.cuts: Iterable[int] | None = None
        """Sizes of the pieces that what we say is cut into."""
        self._came = asyncio.Condition()
        self._writers: set[asyncio.StreamWriter] = set()

    async def say(self, *messages: Fields) -> None:
        """Send events to everybody who is logged in."""
        for writer in list(self._writers):
            await self._write(writer, b"".join(written(message) for message in messages))

    async def say_bytes(self, data: bytes) -> None:
        """Send bytes as they are."""
        for writer in list(self._writers):
            await self._write(writer, data)

    def cut_off(self) -> None:
        """Drop every connection, without a word."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def came(self, name: str, count: int = 1) -> list[dict[str, str]]:
        """Wait until `count` actions of that name have come, and return them."""
        async with asyncio.timeout(5), self._came:
            await self._came.wait_for(lambda: len(self.named(name)) >= count)
        return self.named(name)

    async def pinged(self, count: int) -> None:
        """Wait for so many pings from now on."""
        until = self.pings + count
        async with asyncio.timeout(5), self._came:
            await self._came.wait_for(lambda: self.pings >= until)

    async def logged_in(self, count: int) -> None:
        """Wait until so many have tried to log in."""
        async with asyncio.timeout(5), self._came:
            await self._came.wait_for(lambda: self.logins >= count)

    def named(self, name: str) -> list[dict[str, str]]:
        return [action for action in self.actions if action["Action"] == name]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._write(writer, b"Asterisk Call Manager/11.0.0\r\n")
            while True:
                block = (await reader.readuntil(b"\r\n\r\n")).decode()
                lines = [line.split(": ", 1) for line in block.split("\r\n") if line]
                action: dict[str, str] = {}
                for key, value in lines:
                    # A header that comes more than once has a line for each.
                    action[key] = f"{action[key]}\n{value}" if key in action else value
                await self._answer(writer, action)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, action: dict[str, str]) -> None:
        name = action["Action"]
        async with self._came:
            if name == "Ping":
                self.pings += 1
            elif name == "Login":
                self.logins += 1
            else:
                self.actions.append(action)
            self._came.notify_all()
        if self.mute or name in self.deaf_to:
            return
        for message in self._replies(name, action):
            tagged = {**message, "ActionID": action["ActionID"]} if "ActionID" not in message else message
            await self._write(writer, written(tagged))

    def _replies(self, name: str, action: dict[str, str]) -> Iterable[Fields]:
        if name == "Login":
            if self.login_refused:
                return [{"Response": "Error", "Message": self.login_refused}]
            if action["Secret"] != self.secret:
                return [{"Response": "Error", "Message": "Authentication failed"}]
            booted = [{"Event": "FullyBooted", "ActionID": ""}] if self.is_booted else []
            return [{"Response": "Success", "Message": "Authentication accepted"}, *booted]
        if name in self.answers:
            return self.answers[name](action)
        return [{"Response": "Success", "Message": name}]

    async def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        if self.cuts is None:
            writer.write(data)
        else:
            sizes = itertools.chain(self.cuts, itertools.repeat(len(data) or 1))
            while data:
                size = max(1, next(sizes))
                piece, data = data[:size], data[size:]
                writer.write(piece)
                with contextlib.suppress(ConnectionError):
                    await writer.drain()
                # Let the other side read before the next piece: on one loop that needs a turn or two.
                await asyncio.sleep(0)
                await asyncio.sleep(0)
        with contextlib.suppress(ConnectionError):
            await writer.drain()


@contextlib.asynccontextmanager
async def running(fake: FakeAmi, port: int = 0) -> AsyncIterator[FakeAmi]:
    """Serve on a free loopback port until the block ends."""
    server = await asyncio.start_server(fake.serve, "127.0.0.1", port)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()
        fake.cut_off()
        await server.wait_closed()


def listing(*rows: Fields) -> Answer:
    """Answer a question with a list."""

    def answer(action: dict[str, str]) -> list[Fields]:
        return [
            {"Response": "Success", "EventList": "start", "Message": "will follow"},
            *rows,
            {"Event": f"{action['Action']}Complete", "EventList": "Complete", "ListItems": str(len(rows))},
        ]

    return answer


def refusing(reason: str) -> Answer:
    """Answer an action with an error."""
    return lambda _action: [{"Response": "Error", "Message": reason}]
