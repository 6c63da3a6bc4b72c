"""One open page of a web chat."""

import asyncio
from contextlib import suppress

from aiohttp import web

from trunkline.channels.webchat.identity import Identity


class Page:
    """One open page. What is sent waits in a line, so that a page that reads slowly holds nobody up."""

    MOST_UNSENT = 200

    def __init__(
        self, transport: asyncio.Transport | None, socket: web.WebSocketResponse, address: str, who: Identity | None
    ) -> None:
        self._transport, self.socket, self.address = transport, socket, address
        self.known_by = (who.name, who.phone) if who is not None else ("", "")
        """The name and the number of who it is, as far as they are proven."""
        self._unsent: list[str] = []
        self._begun = False
        self._writing: asyncio.Task[None] | None = None

    def begin(self, welcome: str) -> None:
        """Send the welcome, and then what has come for the page since it was known."""
        self._unsent.insert(0, welcome)
        self._begun = True
        self._write_on()

    def send(self, frame: str) -> None:
        """Send a frame, after the welcome. A page that reads too slowly is cut off: it comes back to the thread."""
        if len(self._unsent) >= self.MOST_UNSENT:
            self.go()
            return
        self._unsent.append(frame)
        self._write_on()

    def go(self) -> None:
        """Cut the page off; it comes back to the thread."""
        if self._transport is not None:
            self._transport.abort()  # who does not read will not read a farewell either

    def end(self) -> None:
        """Send no more."""
        self._begun = False
        self._unsent.clear()
        if self._writing is not None:
            self._writing.cancel()

    def _write_on(self) -> None:
        if self._begun and self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        try:
            with suppress(ConnectionError):
                while self._unsent:
                    await self.socket.send_str(self._unsent.pop(0))
        finally:
            self._writing = None
