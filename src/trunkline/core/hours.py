"""Opening hours: a week in one time zone, the dates on which it does not hold, and those with hours of their own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

DAY_MINUTES = 24 * 60
_LONGEST_CLOSED = 400
"""Days."""
_LONGEST_SKIP = 121
"""Minutes."""
MonthDay = tuple[int, int]
"""A date of every year: its month and its day."""


@dataclass(frozen=True, slots=True)
class Span:
    """Open from minute `opens` of a day until just before minute `closes`; a `closes` above 1440 is past midnight."""

    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Dates:
    """All days from `first` to `last`, both among them."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class EachYear:
    """The days of every year from `first` to `last`, both among them; a `last` before `first` is after New Year."""

    first: MonthDay
    last: MonthDay


def no_holidays(year: int) -> frozenset[date]:
    """Return none, for calendars that know no public holidays."""
    del year
    return frozenset()


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """A calendar: what is open on each weekday (0 is Monday), by the clock on the wall in `zone`.

    A date in `closed`, in `shut` or among the `holidays` of its year has no opening of its own; what began the evening
    before still runs to its end. `special` wins over all of them and over the week; of its keys a date wins over the
    same day of every year. `holidays` is pure: the same year has the same dates for ever.
    """

    zone: tzinfo
    week: Mapping[int, tuple[Span, ...]]
    closed: frozenset[date] = frozenset()
    shut: tuple[Dates | EachYear, ...] = ()
    special: Mapping[date | MonthDay, tuple[Span, ...]] = field(default_factory=dict)
    holidays: Callable[[int], frozenset[date]] = no_holidays


def is_open_at(hours: OpeningHours, moment: datetime) -> bool:
    """Say whether the calendar is open at an aware `moment`, whatever zone that is written in.

    The wall clock decides: an hour that a clock change repeats counts twice, one that it skips never comes.
    """
    local = moment.astimezone(hours.zone)
    minute = local.hour * 60 + local.minute
    today = local.date()
    return _opened_on(hours, today, minute) or _opened_on(hours, today - timedelta(days=1), minute + DAY_MINUTES)


def opens_after(hours: OpeningHours, moment: datetime) -> datetime | None:
    """Return the first moment from `moment` on at which it is open, in UTC; None where that is over a year away."""
    if is_open_at(hours, moment):
        return moment.astimezone(UTC)
    day = moment.astimezone(hours.zone).date()
    for _ in range(_LONGEST_CLOSED):
        for span in sorted(openings_on(hours, day), key=lambda each: each.opens):
            begins = datetime.combine(day, time(), hours.zone) + timedelta(minutes=span.opens)
            opened = _first_open(hours, begins.astimezone(UTC))
            if opened is not None and opened >= moment:
                return opened
        day += timedelta(days=1)
    return None


def _first_open(hours: OpeningHours, begins: datetime) -> datetime | None:
    """Return when an opening begins that clocks may skip, or skip a part of."""
    later = (begins + timedelta(minutes=minute) for minute in range(_LONGEST_SKIP))
    return next((each for each in later if is_open_at(hours, each)), None)


def openings_on(hours: OpeningHours, day: date) -> tuple[Span, ...]:
    """Return the openings that begin on `day`."""
    month_day = (day.month, day.day)
    for key in (day, month_day):
        if key in hours.special:
            return hours.special[key]
    usual = usual_openings_on(hours, day)
    if not usual or day in hours.closed or any(_is_in(day, month_day, stretch) for stretch in hours.shut):
        return ()
    return () if day in hours.holidays(day.year) else usual


def usual_openings_on(hours: OpeningHours, day: date) -> tuple[Span, ...]:
    """Return the openings of that day of the week, as if every week were the same."""
    return hours.week.get(day.weekday(), ())


def _is_in(day: date, month_day: MonthDay, stretch: Dates | EachYear) -> bool:
    """Say whether a stretch of dates has a day."""
    if isinstance(stretch, Dates):
        return stretch.first <= day <= stretch.last
    if stretch.first <= stretch.last:
        return stretch.first <= month_day <= stretch.last
    return month_day >= stretch.first or month_day <= stretch.last


def _opened_on(hours: OpeningHours, day: date, minute: int) -> bool:
    """Say whether an opening that began on `day` covers the minute counted from that day's midnight."""
    return any(span.opens <= minute < span.closes for span in openings_on(hours, day))
