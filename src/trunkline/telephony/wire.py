"""Cut the bytes of an AMI connection into messages, wherever the network cut them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar, overload

from trunkline.core.errors import Unavailable

Message = Mapping[str, str]
"""One message: header to value. One of REPEATED holds all its values joined by a line feed, any other its first."""

REPEATED = frozenset({"ChanVariable", "Variable"})
"""The headers that Asterisk itself writes more than once."""

LONGEST_MESSAGE = 4 * 1024 * 1024
"""Bytes; nothing we ask for comes near it."""

T = TypeVar("T")

_FIRST = frozenset({"Event", "Response"})
"""The headers that Asterisk writes first."""
_END = b"\r\n\r\n"
_END_TEXT = _END.decode()
_EVENT = "Event: "
_EVENT_AT = len(_EVENT)


class Garbled(Unavailable):
    """What arrives is not AMI."""


class Framer:
    """The bytes of one connection in, its messages out.

    Events whose name is not in `wanted` are dropped before they are parsed, except for rows of a list somebody asked
    for (they carry an ActionID).
    """

    def __init__(self, wanted: frozenset[str]) -> None:
        self._wanted = wanted
        self._rest = bytearray()
        self._greeted = False
        self.dropped = 0

    def feed(self, data: bytes) -> "Iterable[Headers]":
        """Return the messages that `data` completes, to be taken at once; raises Garbled when it cannot be AMI.

        One read of a busy switch brings hundreds, each of which is over before the next is made.
        """
        # A new end can start three bytes before the new data; what lies further back has been searched.
        searched = max(0, len(self._rest) - len(_END) + 1)
        self._rest += data
        if not self._greeted:
            if not self._greet():
                return ()
            searched = 0
        last = self._rest.rfind(_END, searched)
        if last < 0:
            if len(self._rest) > LONGEST_MESSAGE:
                raise Garbled(f"a message of more than {LONGEST_MESSAGE} bytes", retry=True)
            return ()
        # No letter lies across the end of a message, so that all of them can be decoded at once.
        with memoryview(self._rest) as whole, whole[:last] as ended:
            text = str(ended, errors="replace")
        del self._rest[: last + len(_END)]
        return self._messages(text.split(_END_TEXT))

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

    def _messages(self, blocks: Iterable[str]) -> "Iterator[Headers]":
        """Yield the messages that concern us."""
        wanted, at = self._wanted, _EVENT_AT
        for block in blocks:
            if block[:at] != _EVENT:
                if block:
                    yield Headers(block)
                continue
            end = block.find("\r\n")
            event = block[at:end] if end >= 0 else block[at:]
            if event in wanted or "\r\nActionID: " in block:
                yield Headers(block, event)
            else:
                self.dropped += 1


class _Marks(dict[str, tuple[str, int, bool]]):
    """For each header that was ever asked for: its beginning, how long that is, whether it stands once, not first."""

    def __missing__(self, key: str) -> tuple[str, int, bool]:
        mark = f"\r\n{key}: "
        self[key] = known = mark, len(mark), key not in REPEATED and key not in _FIRST
        return known


_MARKS = _Marks()


class Headers(Mapping[str, str]):
    """The headers of one message, looked up in its text: of twenty that come, two or three are ever asked for."""

    __slots__ = ("_first", "_text", "_value", "event")

    event: str | None
    """The event's name, None where this is an answer."""

    def __init__(self, text: str, event: str | None = None) -> None:
        self._text = text
        # The first line is asked for again and again: it says what the message is.
        if event is None:
            self._first, self._value = _first_header(text)
            self.event = self._value if self._first == "Event" else None
            if self._first not in _FIRST:
                self._text = f"\r\n{text}"  # no message of Asterisk's: its first line is one like the others
        else:
            self._first, self._value = "Event", event
            self.event = event

    @classmethod
    def of(cls, message: Message) -> "Headers":
        """Return a message of our own in the form in which the switch's come."""
        return cls("\r\n".join(f"{key}: {value}" for key, value in message.items()))

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
        """Return the value, or `default`."""
        text, (mark, length, plain) = self._text, _MARKS[key]
        if not plain and key == self._first:
            return self._value
        start = text.find(mark)
        if start < 0:
            return default
        if not plain and key in REPEATED:
            return "\n".join(_values(text, mark, start))
        start += length
        end = text.find("\r\n", start)
        return text[start:end] if end >= 0 else text[start:]

    def first(self, key: str) -> str:
        """Return the first value, empty where there is none: what comes after it is not looked for."""
        text, (mark, length, _) = self._text, _MARKS[key]
        start = text.find(mark)
        if start < 0:
            return ""
        start += length
        end = text.find("\r\n", start)
        return text[start:end] if end >= 0 else text[start:]

    def setting(self, key: str, name: str) -> str | None:
        """Return the value of the first header `key: name=value`, None where there is none."""
        begins = f"\r\n{key}: {name}="
        start = self._text.find(begins)
        if start < 0:
            return None
        start += len(begins)
        end = self._text.find("\r\n", start)
        return self._text[start:end] if end >= 0 else self._text[start:]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and bool(key) and self.get(key) is not None

    def __iter__(self) -> Iterator[str]:
        names = (line.split(": ", 1)[0] for line in self._text.split("\r\n") if ": " in line)
        return iter(dict.fromkeys(name for name in names if name))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"Headers({dict(self)!r})"


def first_of(message: Message, key: str) -> str:
    """Return the first value of a header that comes several times, empty where there is none."""
    return message.first(key) if isinstance(message, Headers) else message.get(key, "").partition("\n")[0]


def setting_of(message: Message, key: str, name: str) -> str | None:
    """Return the value of the first header `key: name=value`, None where there is none."""
    if isinstance(message, Headers):
        return message.setting(key, name)
    begins = f"{name}="
    lines = message.get(key, "").split("\n")
    return next((line[len(begins) :] for line in lines if line.startswith(begins)), None)


def _first_header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition("\r\n")[0].partition(": ")
    return (name, value) if colon else ("", "")


def _values(text: str, mark: str, start: int) -> Iterator[str]:
    """Yield the value of each header that begins with `mark`, the first of which is at `start`."""
    while start >= 0:
        end = text.find("\r\n", start + len(mark))
        yield text[start + len(mark) : end if end >= 0 else None]
        start = text.find(mark, end) if end >= 0 else -1
