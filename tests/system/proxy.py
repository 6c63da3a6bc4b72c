"""A wire between two ends that a test can cut, and make go half-open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Proxy:
    """Passes TCP on to one place, until `cut` breaks every connection, or `swallow` takes all in silence."""

    def __init__(self, port: int, onward: int) -> None:
        self.port, self._onward = port, onward
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._swallows = False

    async def mend(self) -> None:
        """Pass everything on: what was cut before stays cut, who comes anew is served."""
        if self._swallows:  # what a half-open connection has swallowed never comes
            self._abort()
        self._swallows = False
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    def cut(self) -> None:
        """Break every connection, and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._abort()

    def swallow(self) -> None:
        """Go half-open: the connections stand, and nothing comes through them any more."""
        self._swallows = True

    def _abort(self) -> None:
        for end in list(self._ends):
            end.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        try:
            onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", self._onward)
            self._ends.add(onward_writer)
            try:
                await asyncio.gather(self._pass(reader, onward_writer), self._pass(onward_reader, writer))
            finally:
                self._ends.discard(onward_writer)
                onward_writer.close()
        except (OSError, asyncio.CancelledError):
            pass  # the other side went, or the test is over
        finally:
            self._ends.discard(writer)
            writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if not self._swallows:
                    writer.write(data)
                    await writer.drain()
        writer.close()


@asynccontextmanager
async def proxied(port: int, onward: int) -> AsyncIterator[Proxy]:
    """Lay a wire from one port to another for the length of a test."""
    proxy = Proxy(port, onward)
    await proxy.mend()
    try:
        yield proxy
    finally:
        proxy.cut()
