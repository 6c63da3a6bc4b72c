"""The small kinds of value that step keys take: names, keys, lengths of time."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_DURATION = re.compile(r"([0-9]{1,6})(s|m|h)")
_UNITS = {"s": 1, "m": 60, "h": 3600}
LONGEST = timedelta(hours=24)
MOST_DAYS = 60
KEYS = "0123456789*#"


def name(text: str) -> str:
    """Accept the name of a step, a queue, a value; raises ValueError."""
    if not _NAME.fullmatch(text):
        raise ValueError(f'"{text}" cannot be a name: use letters, digits, - and _, beginning with a letter')
    return text


def duration(value: object) -> timedelta:
    """Read `20s`, `5m` or `1h`; raises ValueError."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{_shown(value)} is not a length of time: write 20s, 5m or 1h")
    length = timedelta(seconds=int(match[1]) * _UNITS[match[2]])
    if not timedelta() < length <= LONGEST:
        raise ValueError(f"{_shown(value)} is not between 1s and 24h")
    return length


def rest(value: object) -> timedelta:
    """Read `20m`, `6h` or `3d`; raises ValueError."""
    match = re.fullmatch(r"([0-9]{1,2})d", value) if isinstance(value, str) else None
    if match is None:
        return duration(value)
    if not 1 <= int(match[1]) <= MOST_DAYS:
        raise ValueError(f'"{value}" is not between 1s and {MOST_DAYS}d')
    return timedelta(days=int(match[1]))


def key(value: object) -> str:
    """Accept one telephone key; raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool):
        # pydantic reports ValueError only.
        raise ValueError(f'{value} without quotes is a number: write "{value}"')  # noqa: TRY004
    if not (isinstance(value, str) and len(value) == 1 and value in KEYS):
        raise ValueError(f"{_shown(value)} is not a telephone key: write one of 0 to 9, * and #, in quotes")
    return value


def number(text: str) -> str:
    """Accept a dialled number: a `+` or not, then 1 to 15 digits; raises ValueError."""
    if not re.fullmatch(r"\+?[0-9]{1,15}", text):
        raise ValueError(f'"{text}" is not a number that can be dialled: write "+442071234567" or "100"')
    return text


def language(text: str) -> str:
    """Accept a language tag such as `en-GB` (RFC 5646, language and region only); raises ValueError."""
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Z]{2})?", text):
        raise ValueError(f'"{text}" is not a language: write for example en-GB or es')
    return text


def _shown(value: object) -> str:
    """Return a value as the problem shows it."""
    return f'"{value}"' if isinstance(value, str | int | float) else "this"


Name = Annotated[str, AfterValidator(name)]
Duration = Annotated[timedelta, BeforeValidator(duration)]
Rest = Annotated[timedelta, BeforeValidator(rest)]
TelephoneKey = Annotated[str, BeforeValidator(key)]
DialledNumber = Annotated[str, AfterValidator(number)]
Language = Annotated[str, AfterValidator(language)]
