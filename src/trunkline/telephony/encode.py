"""Write AMI actions: whatever text goes in, the wire holds exactly one action.

AMI ends a header with CR LF and an action with an empty line, and has no way to quote either. A line break inside a
value would therefore be the start of a second action, written by whoever chose that text.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from trunkline.core.errors import Rejected

Action = Mapping[str, str | Sequence[str]]
"""Headers of one action; a sequence writes its header once for each item."""

LONGEST_LINE = 1000
"""Bytes of one header line: Asterisk drops an action with a line longer than 1024."""

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


class BadHeader(Rejected, ValueError):  # noqa: N818 - named like the other refusals
    """Text that cannot be a header of an AMI action."""


def encode(action: Action) -> bytes:
    """Return the one action as it goes on the wire (UTF-8).

    Raises BadHeader for a key that is not letters, digits and `-`, and for a value that holds a control character,
    half a surrogate pair, or more than LONGEST_LINE bytes.
    """
    lines = [_line(key, value) for key, values in action.items() for value in _each(values)]
    if not lines:
        raise BadHeader("an action has at least one header")
    return b"".join(lines) + b"\r\n"


def clean(text: str, *, at_most: int) -> str:
    """Return `text` without control characters and cut to `at_most` characters: what strangers may write to us."""
    if text.isascii() and text.isprintable():
        return text[:at_most]
    return "".join(letter for letter in text if unicodedata.category(letter) not in {"Cc", "Cs"})[:at_most]


def _each(values: str | Sequence[str]) -> Sequence[str]:
    return [values] if isinstance(values, str) else values


def _line(key: str, value: str) -> bytes:
    if not _KEY.fullmatch(key):
        raise BadHeader(f"not the name of an AMI header: {key!r}")
    if clean(value, at_most=len(value)) != value:
        raise BadHeader(f"the value of {key} holds a control character")
    line = f"{key}: {value}\r\n".encode()
    if len(line) > LONGEST_LINE:
        raise BadHeader(f"the value of {key} is longer than Asterisk reads ({len(line)} bytes)")
    return line
