"""The link to a switch's manager interface: where it leads, how patient we are, what is told and counted of it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class AmiAddress:
    """Where a switch's manager interface listens, and who we are there."""

    host: str
    port: int
    user: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long we wait for what. A half-open connection is noticed after `ping_every` + 2 `ping_within`."""

    connect_within: timedelta = timedelta(seconds=5)
    boot_within: timedelta = timedelta(seconds=15)
    ping_every: timedelta = timedelta(seconds=2)
    ping_within: timedelta = timedelta(seconds=2)
    retry_first: timedelta = timedelta(milliseconds=200)
    retry_last: timedelta = timedelta(seconds=5)
    answer_within: timedelta = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The switch answers and has finished starting; what happened before is unknown."""

    at: datetime


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The connection is gone."""

    at: datetime


@dataclass(slots=True)
class Counters:
    """What a connection has seen since the start of the process."""

    late: int = 0
    """Answers that came after their deadline."""
    pauses: int = 0
    """How often the inbox was full and the switch had to wait for us."""
    connects: int = 0
    fullest: int = 0
    """The most messages that ever waited in the inbox."""
