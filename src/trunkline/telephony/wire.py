"""Cut the bytes of an AMI connection into messages, wherever the network cut them."""

from collections.abc import Iterator, Mapping
from typing import TypeVar, overload

from trunkline.core.errors import Unavailable

Message = Mapping[str, str]
"""One message: header to value. A header that came more than once holds its values joined by a line feed."""

LONGEST_MESSAGE = 4 * 1024 * 1024
"""Bytes; nothing we ask for comes near it."""

T = TypeVar("T")

_END = b"\r\n\r\n"
_EVENT = b"Event: "


class Garbled(Unavailable):
    """What arrives is not AMI."""


class Framer:
    """The bytes of one connection in, its messages out.

    Events whose name is not in `wanted` are dropped before they are parsed, except for rows of a list somebody asked
    for (they carry an ActionID).
    """

    def __init__(self, wanted: frozenset[str]) -> None:
        self._wanted = frozenset(name.encode() for name in wanted)
        self._rest = bytearray()
        self._greeted = False
        self.dropped = 0

    def feed(self, data: bytes) -> list[Message]:
        """Return the messages that `data` completes; raises Garbled when it cannot be AMI."""
        # A new end can start three bytes before the new data; what lies further back has been searched.
        searched = max(0, len(self._rest) - len(_END) + 1)
        self._rest += data
        if not self._greeted:
            if not self._greet():
                return []
            searched = 0
        last = self._rest.rfind(_END, searched)
        if last < 0:
            if len(self._rest) > LONGEST_MESSAGE:
                raise Garbled(f"a message of more than {LONGEST_MESSAGE} bytes", retry=True)
            return []
        blocks = bytes(self._rest[:last]).split(_END)
        del self._rest[: last + len(_END)]
        return [parse(block) for block in blocks if self._concerns(block)]

    def _greet(self) -> bool:
        """Take the greeting off: one line, which no empty line follows."""
        end = self._rest.find(b"\r\n")
        if end < 0 and len(self._rest) < 256:
            return False
        if not self._rest.startswith(b"Asterisk Call Manager/"):
            raise Garbled(f"no Asterisk manager greets with {bytes(self._rest[:40])!r}", retry=True)
        del self._rest[: end + 2]
        self._greeted = True
        return True

    def _concerns(self, block: bytes) -> bool:
        if not block.startswith(_EVENT):
            return bool(block)
        end = block.find(b"\r\n")
        if block[len(_EVENT) : end if end >= 0 else None] in self._wanted or b"\r\nActionID: " in block:
            return True
        self.dropped += 1
        return False


class Headers(Mapping[str, str]):
    """The headers of one message, looked up in its text: of twenty that come, two or three are ever asked for."""

    __slots__ = ("_event", "_text")

    def __init__(self, text: str) -> None:
        self._text = f"\r\n{text}\r\n"
        # Its name is asked for again and again, and is the first line of every event.
        self._event = (
            text[len(_EVENT) : text.find("\r\n") if "\r\n" in text else None] if text[:7] == "Event: " else None
        )

    def __getitem__(self, key: str) -> str:
        value = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    @overload
    def get(self, key: str, /) -> str | None: ...
    @overload
    def get(self, key: str, /, default: str) -> str: ...
    @overload
    def get(self, key: str, /, default: T) -> str | T: ...
    def get(self, key: str, /, default: object = None) -> object:
        """Return the value, those of a repeated header joined by a line feed, or `default`."""
        if key == "Event" and self._event is not None:
            return self._event
        text, mark = self._text, f"\r\n{key}: "
        start = text.find(mark)
        if start < 0:
            return default
        end = text.index("\r\n", start + len(mark))
        value = text[start + len(mark) : end]
        while (start := text.find(mark, end)) >= 0:
            end = text.index("\r\n", start + len(mark))
            value = f"{value}\n{text[start + len(mark) : end]}"
        return value

    def __contains__(self, key: object) -> bool:
        return f"\r\n{key}: " in self._text

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(line.split(": ", 1)[0] for line in self._text.split("\r\n") if ": " in line))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"Headers({dict(self)!r})"


def parse(block: bytes) -> Message:
    """Return the headers of one message; bytes that are not UTF-8 become U+FFFD, lines without a colon are left out."""
    return Headers(block.decode(errors="replace"))
