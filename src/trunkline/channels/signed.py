"""Addresses of files that whoever has them can fetch, until their time is over: nobody guesses one."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256

DAY = timedelta(days=1)
_DAY_S = 86_400


def signed_query(secret: bytes, what: str, *, now: datetime, lasts: timedelta = DAY) -> str:
    """Return the query that lets whoever has it fetch `what` for `lasts` from now, and for a day longer at most.

    Within a day it stays the same, so that browsers fetch what they have seen once.
    """
    until = (int((now + lasts).timestamp()) // _DAY_S + 1) * _DAY_S
    return f"until={until}&sign={_signature(secret, what, until)}"


def is_signed(secret: bytes, what: str, query: Mapping[str, str], *, now: datetime) -> bool:
    """Whether a query lets its bearer fetch `what` now."""
    until, given = query.get("until", ""), query.get("sign", "")
    if not (until.isascii() and until.isdigit() and len(until) <= 12) or int(until) < now.timestamp():
        return False
    return hmac.compare_digest(_signature(secret, what, int(until)).encode(), given.encode())


def _signature(secret: bytes, what: str, until: int) -> str:
    digest = hmac.new(secret, f"{until}/{what}".encode(), sha256).digest()
    return urlsafe_b64encode(digest[:18]).decode()
