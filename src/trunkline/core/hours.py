"""Opening hours: a week in one time zone, and the dates on which it does not hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Span:
    """Open from minute `opens` of a day until just before minute `closes`; a `closes` above 1440 is past midnight."""

    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """A calendar: what is open on each weekday (0 is Monday), by the clock on the wall in `zone`.

    A date in `closed` has no opening of its own; what began the evening before still runs to its end.
    """

    zone: tzinfo
    week: Mapping[int, tuple[Span, ...]]
    closed: frozenset[date] = frozenset()


def is_open_at(hours: OpeningHours, moment: datetime) -> bool:
    """Say whether the calendar is open at an aware `moment`, whatever zone that is written in.

    The wall clock decides: an hour that a clock change repeats counts twice, one that it skips never comes.
    """
    local = moment.astimezone(hours.zone)
    minute = local.hour * 60 + local.minute
    today = local.date()
    return _opened_on(hours, today, minute) or _opened_on(hours, today - timedelta(days=1), minute + DAY_MINUTES)


def _opened_on(hours: OpeningHours, day: date, minute: int) -> bool:
    """Say whether an opening that began on `day` covers the minute counted from that day's midnight."""
    if day in hours.closed:
        return False
    return any(span.opens <= minute < span.closes for span in hours.week.get(day.weekday(), ()))
