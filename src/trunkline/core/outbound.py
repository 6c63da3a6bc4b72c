"""Which numbers may be called, and by which trunk: none, unless an admin allows it (toll fraud)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_DIALABLE = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True)
class Route:
    """A trunk that may call numbers in E.164 that begin with one of `prefixes`, and shows `caller_id` to them."""

    trunk: str
    prefixes: tuple[str, ...]
    caller_id: str


def route_to(number: str, routes: Iterable[Route]) -> Route | None:
    """Return the route to a number in E.164: the one with the longest prefix, of equal ones the first; None: denied."""
    if not _DIALABLE.fullmatch(number):
        return None
    fitting = [
        (len(prefix), route) for route in routes for prefix in route.prefixes if number.startswith(prefix) and prefix
    ]
    return max(fitting, key=lambda each: each[0])[1] if fitting else None
