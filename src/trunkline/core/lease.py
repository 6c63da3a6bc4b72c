"""The lease under which one process decides and acts: how long it lasts, and when another may take it.

Two clocks are never compared. Whether the lease has run out, the database says by its own; the holder counts from
before it asked, so that by its count the lease always ends first.
"""

from dataclasses import dataclass
from datetime import timedelta

_AT_ONCE = timedelta()


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a lease lasts, how often its holder renews it, and how often others look at it."""

    lasts: timedelta = timedelta(seconds=2)
    renew_every: timedelta = timedelta(milliseconds=500)
    renew_again: timedelta = timedelta(milliseconds=100)
    """How soon a renewal that failed is tried again."""
    look_every: timedelta = timedelta(milliseconds=250)
    answer_within: timedelta = timedelta(milliseconds=800)
    """How long an answer about the lease is waited for: several renewals fit into one lease."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The lease as the database has it.

    `holder` is None when nobody has it: it was given back, or never taken. `left` is how long it lasts still by the
    database's clock; less than nothing once it has run out. A token is never given twice, and each is higher than all
    before it.
    """

    token: int
    holder: str | None
    left: timedelta


def wait_to_take(lease: Lease, *, holder_died: bool, seen_for: timedelta | None, terms: Terms) -> timedelta:
    """Return how long to wait still before taking a lease; nothing, when it may be taken now.

    `seen_for` is how long the lease has been seen since the database was away, None where it never was: then the holder
    could not renew it either, and has the length of a lease to come back.
    """
    if lease.holder is None or holder_died:
        return _AT_ONCE
    patience = _AT_ONCE if seen_for is None else terms.lasts - seen_for
    return max(lease.left, patience, _AT_ONCE)
