"""Dates as the centre file has them: `2026-12-25`, `12-25` of every year, and all from one to another of a kind."""

import re
from datetime import date

from trunkline.core.hours import Dates, EachYear, MonthDay

_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_MONTH_DAY = re.compile(r"([0-9]{2})-([0-9]{2})")
_LEAP_YEAR = 2000
"""A year that has every date."""


def day_of(value: object) -> date | MonthDay:
    """Read `2026-12-25`, or `12-25` for that day of every year; raises ValueError."""
    found = _day(value)
    if found is None:
        raise ValueError("is not a date: write 2026-12-25, or 12-25 for every year")
    return found


def dates_of(value: object) -> date | Dates | EachYear:
    """Read a day, or `2026-12-24..2027-01-02`, or `12-24..01-01` of every year; raises ValueError."""
    first, dots, last = value.partition("..") if isinstance(value, str) else ("", "", "")
    match _day(first), _day(last if dots else first):
        case date() as begins, date() as ends if begins > ends:
            raise ValueError(f'"{value}" ends before it begins')
        case date() as begins, date() as ends:
            return Dates(begins, ends) if dots else begins
        case (int(), int()) as begins, (int(), int()) as ends:
            return EachYear(begins, ends)
    raise ValueError("is not a date: write 2026-12-25, 12-25 for every year, or 2026-12-24..2027-01-02")


def _day(value: object) -> date | MonthDay | None:
    """Read one day, None when it is none; raises ValueError for one that no year has."""
    text = value if isinstance(value, str) else ""
    try:
        if whole := _DATE.fullmatch(text):
            return date(int(whole[1]), int(whole[2]), int(whole[3]))
        if part := _MONTH_DAY.fullmatch(text):
            day = date(_LEAP_YEAR, int(part[1]), int(part[2]))
            return day.month, day.day
    except ValueError:
        raise ValueError(f'"{text}" is not in the calendar') from None
    return None
