"""What a web service sent, as values of a flow: pure, and bounded before it is believed."""

import json
import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Never

from trunkline.flows.talk import Value

MOST_BYTES = 256 * 1024
MOST_DEPTH = 100
"""Of a body, packed or unpacked."""
_WITH_GZIP_HEADER = 16 + zlib.MAX_WBITS


class BadBody(Exception):  # noqa: N818 - never leaves this folder
    """The body is none that a flow can use; says why in a word or two."""


class Unpacked:
    """Gathers a body piece by piece, and unpacks it; raises BadBody when there is too much, or it is broken."""

    def __init__(self, encoding: str) -> None:
        self._body = bytearray()
        self._read = 0
        self._gzip = None
        if encoding in {"gzip", "x-gzip"}:
            self._gzip = zlib.decompressobj(_WITH_GZIP_HEADER)
        elif encoding not in {"", "identity"}:
            raise BadBody("unknown encoding")

    def take(self, piece: bytes) -> None:
        """Take the next piece."""
        self._read += len(piece)
        if self._gzip is not None:
            try:
                piece = self._gzip.decompress(piece, MOST_BYTES + 1 - len(self._body))
            except zlib.error:
                raise BadBody("broken encoding") from None
        self._body += piece
        if max(self._read, len(self._body)) > MOST_BYTES:
            raise BadBody("too long")

    def whole(self) -> bytes:
        """Return the body once its last piece was taken."""
        if self._gzip is not None and self._read and (not self._gzip.eof or self._gzip.unused_data):
            raise BadBody("broken encoding")
        return bytes(self._body)


def is_json(content_type: str) -> bool:
    """Say whether a content type is JSON (RFC 8259 section 11; RFC 6839 section 3.1 for `+json`)."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def value_of(body: bytes) -> Value:
    """Return what JSON says, None when there is nothing; raises BadBody.

    Stricter than Python: no NaN, no number that is out of bounds, no key twice, nothing that is not Unicode.
    """
    if not body.strip():
        return None
    try:
        value: Value = json.loads(
            body.decode("utf-8-sig"), parse_constant=_no_number, parse_float=_number, object_pairs_hook=_once_each
        )
        _see_depth(value)
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text, though JSON can write it
    except (ValueError, RecursionError):
        raise BadBody("not JSON") from None
    return value


def _see_depth(value: Value) -> None:
    """Raise RecursionError for what is nested deeper than anybody means; how deep Python itself goes differs."""
    level = [value]
    for _ in range(MOST_DEPTH):
        level = [inside for each in level for inside in _inside(each)]
        if not level:
            return
    raise RecursionError


def _inside(value: Value) -> Iterable[Value]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list) else ()


def _no_number(text: str) -> Never:
    raise ValueError(f"JSON has no {text}")


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("the number is out of bounds")
    return number


def _once_each(pairs: Sequence[tuple[str, Value]]) -> Mapping[str, Value]:
    """Return a group of values; of a key that comes twice, two readers would believe two things."""
    group = dict(pairs)
    if len(group) != len(pairs):
        raise ValueError("a key comes twice")
    return group
