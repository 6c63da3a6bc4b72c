"""A mailbox by IMAP (RFC 9051, 2177): what is in it that was not read, and to be told when something comes.

The client library waits in a thread; each mailbox has one of its own, and whoever cancels us ends its connection.
"""

import asyncio
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError

from trunkline.channels.email.smtp import Login, Server
from trunkline.core.errors import Unavailable

LARGEST = 30 * 1024 * 1024
"""Bytes of a mail that are fetched; what is larger is cut there, and stays whole in the mailbox."""
IDLE_S = 5 * 60
"""Servers end an idle connection after 29 minutes (RFC 2177); a wire that was cut in silence is found out sooner."""
POLL_S = 30.0
"""How often a server is asked that cannot tell us."""
_TIMES = SocketTimeout(connect=10, read=60)
Got = TypeVar("Got")


@dataclass(frozen=True, slots=True)
class Opened:
    """A mailbox's numbering: UIDs are true as long as `uid_validity` is the same."""

    uid_validity: int
    next_uid: int


class Mailbox:
    """One connection. Every method raises Unavailable once it is broken."""

    def __init__(self, server: Server, login: Login, folder: str) -> None:
        self._server, self._login, self._folder = server, login, folder
        self._client: IMAPClient | None = None
        self._idles = False

    async def open(self) -> Opened:
        """Connect, log in and open the folder."""
        tokens = self._login.tokens
        token = await tokens.token() if tokens is not None else None
        try:
            return await self._in_thread(lambda: self._open(token))
        except Unavailable as fault:
            if tokens is not None and isinstance(fault.__cause__, LoginError):
                tokens.forget()  # taken back before its time
            raise

    async def unseen(self) -> Sequence[int]:
        """Return the UIDs that nobody has read."""
        return await self._in_thread(lambda: sorted(self._it.search(["UNSEEN"])))

    async def after(self, uid: int) -> Sequence[int]:
        """Return the UIDs that came after one. When there is none, `changed` tells of all that come from then on."""
        return await self._in_thread(lambda: self._after(uid))

    async def fetch(self, uid: int) -> tuple[bytes, bool]:
        """Return a mail, and whether it is whole; nothing where it is gone meanwhile."""
        return await self._in_thread(lambda: self._fetch(uid))

    async def mark_seen(self, uid: int) -> None:
        """Mark a mail as read."""
        await self._in_thread(lambda: self._it.add_flags([uid], [rb"\Seen"], silent=True))

    async def changed(self) -> None:
        """Return once something may have come."""
        if self._idles:
            await self._in_thread(self._idle)
        else:
            await asyncio.sleep(POLL_S)
            await self._in_thread(self._it.noop)

    async def close(self) -> None:
        """Leave."""
        if self._client is not None:
            self._break()
            self._client = None

    # --- in the thread ---

    @property
    def _it(self) -> Any:
        if self._client is None:
            raise Unavailable("the mailbox is not open")
        return self._client

    def _open(self, token: str | None) -> Opened:
        server = self._server
        context = ssl.create_default_context() if server.security != "none" else None
        self._client = client = IMAPClient(
            server.host, server.port, use_uid=True, ssl=server.security == "tls",
            ssl_context=context if server.security == "tls" else None, timeout=_TIMES,
        )  # fmt: skip
        if server.security == "starttls":
            client.starttls(context)
        if token is not None:
            client.oauth2_login(self._login.user, token)
        else:
            client.login(self._login.user, self._login.password)
        self._idles = bool(client.has_capability("IDLE"))
        told = client.select_folder(self._folder)
        return Opened(int(told[b"UIDVALIDITY"]), int(told.get(b"UIDNEXT", 1)))

    def _after(self, uid: int) -> Sequence[int]:
        told = self._it._imap  # what servers say unasked is nowhere else
        while True:
            told.response("EXISTS")  # forget what was said before
            # The last one always answers to n:*, however small it is.
            found = sorted(each for each in self._it.search(["UID", f"{uid + 1}:*"]) if each > uid)
            # What comes while they search is told with the answer (RFC 9051 section 7), and then never again.
            if found or told.response("EXISTS")[1] == [None]:
                return found

    def _fetch(self, uid: int) -> tuple[bytes, bool]:
        size = self._it.fetch([uid], ["RFC822.SIZE"]).get(uid, {}).get(b"RFC822.SIZE", 0)
        whole = size <= LARGEST
        what = "BODY.PEEK[]" if whole else f"BODY.PEEK[]<0.{LARGEST}>"
        told = self._it.fetch([uid], [what]).get(uid, {})
        return next((value for key, value in told.items() if key.startswith(b"BODY[]")), b""), whole

    def _idle(self) -> None:
        client = self._it
        client.idle()
        try:
            if not self._has_been_told():
                client.idle_check(timeout=IDLE_S)
        finally:
            client.idle_done()

    def _has_been_told(self) -> bool:
        """Whether something was read along with the answer to IDLE; the library looks for it on the wire alone."""
        wire = self._it.socket()
        wire.setblocking(False)
        try:
            return bool(self._it._imap.file.peek(1))
        except ssl.SSLWantReadError:
            return False
        finally:
            wire.settimeout(_TIMES.read)

    def _break(self) -> None:
        client = self._client
        with suppress(OSError, IMAPClientError):
            if client is not None:
                client.shutdown()

    async def _in_thread(self, act: Callable[[], Got]) -> Got:
        """Do something in a thread of its own, which a cancelled caller does not wait for."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Got] = loop.create_future()

        def tell(what: Callable[..., None], value: object) -> None:
            if not done.done():
                what(value)

        def work() -> None:
            try:
                got = act()
            except BaseException as fault:
                _told(loop, tell, done.set_exception, fault)
            else:
                _told(loop, tell, done.set_result, got)

        threading.Thread(target=work, name="mailbox", daemon=True).start()
        try:
            return await done
        except (IMAPClientError, OSError, EOFError) as fault:
            raise Unavailable(f"the mailbox cannot be read: {' '.join(str(fault).split())[:300]}") from fault
        except asyncio.CancelledError:
            self._break()
            raise


def _told(loop: asyncio.AbstractEventLoop, *words: Any) -> None:
    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(*words)
