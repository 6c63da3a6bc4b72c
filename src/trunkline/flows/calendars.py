"""The coming year of some calendars: when which are open, and what a change of the clocks does to them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import pairwise

from trunkline.core.hours import OpeningHours, is_open_at, openings_on, usual_openings_on

YEAR = timedelta(days=366)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Occasion:
    """A stretch of time in which nothing opens or closes. `odd`: the clocks are not as they usually are."""

    begins: datetime
    ends: datetime
    open: frozenset[str]
    odd: bool

    @property
    def middle(self) -> datetime:
        """The time that is farthest from any opening and closing."""
        return self.begins + (self.ends - self.begins) / 2

    def says(self, calendars: Mapping[str, OpeningHours]) -> str:
        """Return `sales open, support closed`."""
        return ", ".join(f"{name} {'open' if name in self.open else 'closed'}" for name in sorted(calendars))


@dataclass(frozen=True, slots=True)
class Hole:
    """Something that a change of the clocks does and nobody wrote down."""

    at: datetime
    message: str


def clock_changes(zone: tzinfo, start: datetime, length: timedelta = YEAR) -> list[datetime]:
    """Return the first moment of each other difference to UTC."""
    found, day = [], start
    while day < start + length:
        before, after = day, day + DAY
        if before.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            offset = before.astimezone(zone).utcoffset()
            while after - before > MINUTE:
                middle = before + (after - before) / 2
                before, after = (middle, after) if middle.astimezone(zone).utcoffset() == offset else (before, middle)
            # Clocks change on a whole minute.
            found.append(after.replace(second=0, microsecond=0))
        day += DAY
    return found


def occasions(calendars: Mapping[str, OpeningHours], start: datetime) -> list[Occasion]:
    """Return the coming year in order, as stretches in which the same calendars are open."""
    changes = {name: clock_changes(hours.zone, start) for name, hours in calendars.items()}
    usual = _usual_offsets(calendars, start)
    moments = {start, start + YEAR}
    for name, hours in calendars.items():
        moments |= {moment for moment in _edges(hours, start) if start < moment < start + YEAR}
        moments |= {moment for moment in changes[name] if start < moment}
    found: list[Occasion] = []
    for begins, ends in pairwise(sorted(moments)):
        now_open = frozenset(name for name, hours in calendars.items() if is_open_at(hours, begins))
        near = any(abs(begins - change) < DAY for each in changes.values() for change in each)
        odd = near or _offsets(calendars, begins) != usual
        last = found[-1] if found else None
        if last is not None and (last.open, last.odd) == (now_open, odd):
            found[-1] = Occasion(last.begins, ends, now_open, odd)
        else:
            found.append(Occasion(begins, ends, now_open, odd))
    return found


def holes(calendars: Mapping[str, OpeningHours], year: list[Occasion], start: datetime) -> list[Hole]:
    """Return openings that the clocks skip or double, and gaps between calendars that only odd clocks make."""
    found = [hole for name, hours in calendars.items() for hole in _touched(name, hours, start)]
    usual = {(one.open, other.open) for one, other in pairwise(year) if not (one.odd or other.odd)}
    told: set[tuple[frozenset[str], frozenset[str]]] = set()
    for one, other in pairwise(year):
        pair = (one.open, other.open)
        if one.open == other.open or not other.odd or other.open or pair in usual | told:
            continue
        days = (one.begins.date(), other.begins.date(), other.ends.date())
        if any(openings_on(each, day) != usual_openings_on(each, day) for each in calendars.values() for day in days):
            continue
        told.add(pair)
        before = ", ".join(sorted(one.open))
        until = other.ends.astimezone(other.begins.tzinfo)
        message = (
            f"the clocks are not changed everywhere on one day: from {other.begins:%Y-%m-%d %H:%M} to {until:%H:%M} UTC"
            f" nothing is open, right after {before}, as at no other time of the year"
        )
        found.append(Hole(other.begins, message))
    return found


def _touched(name: str, hours: OpeningHours, start: datetime) -> Iterator[Hole]:
    """Find openings that lie wholly in an hour that is skipped or doubled."""
    for change in clock_changes(hours.zone, start):
        before, after = (change - MINUTE).astimezone(hours.zone), change.astimezone(hours.zone)
        was = before.hour * 60 + before.minute + 1
        is_now = after.hour * 60 + after.minute
        first, last = min(was, is_now), max(was, is_now)
        day = after.date()
        for span in openings_on(hours, day):
            if first <= span.opens and span.closes <= last:
                opening = f"{_clock(span.opens)}-{_clock(span.closes)}"
                fate = "does not come: the clocks skip it" if is_now > was else "comes twice: the clocks go back"
                yield Hole(change, f'hours "{name}": the opening {opening} of {day} {fate}')


def _edges(hours: OpeningHours, start: datetime) -> Iterator[datetime]:
    """Yield each opening and closing of the year."""
    first = start.astimezone(hours.zone).date() - DAY
    for number in range(YEAR.days + 2):
        day = first + number * DAY
        for span in openings_on(hours, day):
            yield from _moments(hours.zone, day, span.opens, start)
            yield from _moments(hours.zone, day, span.closes, start)


def _moments(zone: tzinfo, day: date, minute: int, start: datetime) -> Iterator[datetime]:
    """Yield each moment at which a clock on the wall shows a minute of a day, in the zone of `start`: mostly one."""
    on, at = divmod(minute, 24 * 60)
    wall = datetime.combine(day + on * DAY, time(at // 60, at % 60), tzinfo=zone)
    for fold in (0, 1):
        yield wall.replace(fold=fold).astimezone(start.tzinfo)


def _offsets(calendars: Mapping[str, OpeningHours], at: datetime) -> tuple[timedelta, ...]:
    """Return how far the zones are from the first one."""
    offsets = [at.astimezone(hours.zone).utcoffset() or timedelta() for hours in calendars.values()]
    return tuple(offset - offsets[0] for offset in offsets)


def _usual_offsets(calendars: Mapping[str, OpeningHours], start: datetime) -> tuple[timedelta, ...]:
    """Return how far they are from each other most of the year."""
    seen = [_offsets(calendars, start + week * 7 * DAY) for week in range(52)]
    return max(dict.fromkeys(seen), key=seen.count)


def _clock(minute: int) -> str:
    """Return a minute of the day as a clock shows it."""
    return f"{minute // 60:02}:{minute % 60:02}"
