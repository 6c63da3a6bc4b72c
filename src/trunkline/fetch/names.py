"""Names to addresses: by the system's resolver, in threads that hold nothing else up."""

import asyncio
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

MOST_AT_ONCE = 32
"""The system's resolver cannot be stopped: a thread that looks for a dead name is bound for a minute."""


class Names(Protocol):
    """Where a name leads."""

    async def addresses(self, host: str) -> Sequence[str]:
        """Return the addresses of a name; raises OSError when there are none."""


class SystemNames:
    """The system's resolver. A name is looked up by one thread at a time, whoever else waits for it.

    The threads are daemons, not those of the loop's executor: a slow name server neither takes the executor's few
    threads from everybody else, nor holds the end of the process up.
    """

    def __init__(self) -> None:
        self._looking: dict[str, asyncio.Future[Sequence[str]]] = {}

    async def addresses(self, host: str) -> Sequence[str]:
        """Return the addresses of a name; raises OSError, also when too many others are being looked up."""
        looking = self._looking.get(host)
        if looking is None:
            if len(self._looking) >= MOST_AT_ONCE:
                raise OSError("too many names are being looked up")
            looking = self._look_up(host)
        return await asyncio.shield(looking)

    def _look_up(self, host: str) -> asyncio.Future[Sequence[str]]:
        loop = asyncio.get_running_loop()
        looking: asyncio.Future[Sequence[str]] = loop.create_future()

        def found(addresses: Sequence[str] | OSError) -> None:
            del self._looking[host]
            if isinstance(addresses, OSError):
                looking.set_exception(addresses)
                looking.exception()  # whoever waited may have left
            else:
                looking.set_result(addresses)

        def look() -> None:
            addresses = _asked(host)
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(found, addresses)

        self._looking[host] = looking
        threading.Thread(target=look, name="name look-up", daemon=True).start()
        return looking


def _asked(host: str) -> Sequence[str] | OSError:
    """Ask the system; a name that cannot be one (UnicodeError) is one that nobody knows."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as fault:
        return fault
    except UnicodeError:
        return OSError("not a name")
    return list(dict.fromkeys(str(sockaddr[0]) for _, _, _, _, sockaddr in found))
