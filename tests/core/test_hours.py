"""Opening hours by the clock on the wall, through nights, holidays and clock changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.hours import DAY_MINUTES, Dates, EachYear, OpeningHours, Span, is_open_at, openings_on, opens_after

LONDON = ZoneInfo("Europe/London")
OFFICE = OpeningHours(
    LONDON, {day: (Span(540, 720), Span(780, 1020)) for day in range(5)}, frozenset({date(2026, 12, 25)})
)
NIGHT = OpeningHours(LONDON, {4: (Span(1320, DAY_MINUTES + 360),)}, frozenset({date(2026, 12, 25)}))


def london(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    """Return a moment of 2026 in London."""
    return datetime(2026, month, day, hour, minute, tzinfo=LONDON)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (london(23, 8, 59), False),
        (london(23, 9), True),
        (london(23, 11, 59), True),
        (london(23, 12), False),
        (london(23, 13), True),
        (london(23, 17), False),
        (london(21, 10), False),
        (london(25, 10, month=12), False),
        (london(24, 10, month=12), True),
    ],
)
def test_office_is_open_in_its_hours_only(moment: datetime, is_open: bool) -> None:
    assert is_open_at(OFFICE, moment) is is_open


def test_summer_time_moves_the_opening_with_the_wall_clock() -> None:
    assert is_open_at(OFFICE, datetime(2026, 7, 1, 8, 0, tzinfo=UTC))
    assert not is_open_at(OFFICE, datetime(2026, 11, 23, 8, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (london(20, 21, 59), False),
        (london(20, 22), True),
        (london(21, 5, 59), True),
        (london(21, 6), False),
        (london(21, 22), False),
    ],
)
def test_friday_night_runs_into_saturday(moment: datetime, is_open: bool) -> None:
    assert is_open_at(NIGHT, moment) is is_open


def test_closed_date_closes_the_night_that_begins_on_it() -> None:
    assert not is_open_at(NIGHT, london(25, 23, month=12))
    assert not is_open_at(NIGHT, london(26, 2, month=12))


def test_repeated_hour_counts_twice_and_skipped_hour_never_comes() -> None:
    one_to_two = OpeningHours(LONDON, dict.fromkeys(range(7), (Span(60, 120),)))

    autumn = [is_open_at(one_to_two, datetime(2026, 10, 25, hour, 30, tzinfo=UTC)) for hour in range(3)]
    spring = [is_open_at(one_to_two, datetime(2026, 3, 29, hour, 30, tzinfo=UTC)) for hour in range(3)]

    assert autumn == [True, True, False]
    assert spring == [False, False, False]


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_around_the_clock_is_always_open_and_no_day_never(moment: datetime) -> None:
    always = OpeningHours(LONDON, dict.fromkeys(range(7), (Span(0, DAY_MINUTES),)))

    assert is_open_at(always, moment)
    assert not is_open_at(OpeningHours(LONDON, {}), moment)
    assert is_open_at(OFFICE, moment) == is_open_at(OFFICE, moment.astimezone(ZoneInfo("Asia/Kolkata")))


def test_first_moment_of_all_time_has_no_day_before() -> None:
    assert not is_open_at(OpeningHours(UTC, {}), datetime(2, 1, 1, tzinfo=UTC) - timedelta(days=1))


EVERY_DAY = {day: (Span(540, 1020),) for day in range(7)}
MORNING = (Span(540, 720),)


def easter_monday(year: int) -> frozenset[date]:
    """Return a holiday that falls on another date each year."""
    return frozenset({date(2026, 4, 6), date(2027, 3, 29)} & {date(year, 4, 6), date(year, 3, 29)})


@pytest.mark.parametrize(
    ("stretch", "first", "last"),
    [
        (Dates(date(2026, 12, 24), date(2027, 1, 2)), date(2026, 12, 24), date(2027, 1, 2)),
        (EachYear((12, 24), (1, 2)), date(2029, 12, 24), date(2030, 1, 2)),
        (EachYear((8, 3), (8, 14)), date(2031, 8, 3), date(2031, 8, 14)),
        (EachYear((2, 29), (2, 29)), date(2028, 2, 29), date(2028, 2, 29)),
    ],
)
def test_stretch_is_shut_from_its_first_day_to_its_last(stretch: Dates | EachYear, first: date, last: date) -> None:
    calendar = OpeningHours(LONDON, EVERY_DAY, shut=(stretch,))
    days = [first - timedelta(days=1), first, last, last + timedelta(days=1)]

    assert [bool(openings_on(calendar, day)) for day in days] == [True, False, False, True]


def test_stretch_of_dates_is_shut_once_and_of_every_year_each_time() -> None:
    once = OpeningHours(LONDON, EVERY_DAY, shut=(Dates(date(2026, 12, 24), date(2026, 12, 26)),))
    ever = OpeningHours(LONDON, EVERY_DAY, shut=(EachYear((12, 24), (12, 26)),))

    assert openings_on(once, date(2027, 12, 25)) != ()
    assert openings_on(ever, date(2027, 12, 25)) == ()


def test_holiday_closes_the_date_it_has_in_that_year() -> None:
    calendar = OpeningHours(LONDON, EVERY_DAY, holidays=easter_monday)

    dates = [date(2026, 4, 6), date(2027, 4, 6), date(2026, 3, 29), date(2027, 3, 29)]
    assert [bool(openings_on(calendar, day)) for day in dates] == [False, True, True, False]


def test_holidays_are_not_looked_up_where_nothing_opens_anyway() -> None:
    def never(year: int) -> frozenset[date]:
        raise AssertionError(year)

    weekdays = OpeningHours(LONDON, {0: MORNING}, holidays=never)

    assert openings_on(weekdays, date(2026, 11, 22)) == ()


def test_special_hours_win_over_the_week_closed_dates_and_holidays() -> None:
    eve = date(2027, 3, 29)
    calendar = OpeningHours(
        LONDON, EVERY_DAY, frozenset({eve}), (EachYear((3, 1), (3, 31)),), {eve: MORNING}, easter_monday
    )

    assert openings_on(calendar, eve) == MORNING
    assert is_open_at(calendar, datetime(2027, 3, 29, 11, 59, tzinfo=LONDON))
    assert not is_open_at(calendar, datetime(2027, 3, 29, 12, 0, tzinfo=LONDON))


def test_special_hours_open_a_day_that_is_closed_each_week() -> None:
    calendar = OpeningHours(LONDON, {}, special={date(2026, 11, 29): MORNING})

    assert is_open_at(calendar, datetime(2026, 11, 29, 9, 0, tzinfo=LONDON))
    assert not is_open_at(calendar, datetime(2026, 11, 22, 9, 0, tzinfo=LONDON))


def test_special_hours_of_one_date_win_over_those_of_every_year() -> None:
    late = (Span(600, 660),)
    calendar = OpeningHours(LONDON, EVERY_DAY, special={(12, 24): MORNING, date(2026, 12, 24): late})

    assert openings_on(calendar, date(2026, 12, 24)) == late
    assert openings_on(calendar, date(2027, 12, 24)) == MORNING


def test_night_runs_into_a_day_with_special_hours() -> None:
    calendar = OpeningHours(LONDON, NIGHT.week, special={date(2026, 11, 21): (Span(600, 660),)})

    assert is_open_at(calendar, london(21, 5, 59))
    assert not is_open_at(calendar, london(21, 6))
    assert is_open_at(calendar, london(21, 10))


DAYS = st.dates(date(2026, 1, 1), date(2028, 12, 31))
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
SPANS = st.tuples(st.integers(0, DAY_MINUTES - 1), st.integers(1, DAY_MINUTES)).map(lambda two: Span(two[0], sum(two)))
WEEKS = st.dictionaries(st.integers(0, 6), st.lists(SPANS, max_size=2).map(tuple))
ZONES = st.sampled_from(["UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]).map(
    ZoneInfo
)


@given(ZONES, WEEKS, st.frozensets(DAYS), MOMENTS)
def test_closing_a_date_opens_nothing(
    zone: ZoneInfo, week: dict[int, tuple[Span, ...]], closed: frozenset[date], moment: datetime
) -> None:
    if is_open_at(OpeningHours(zone, week, closed), moment):
        assert is_open_at(OpeningHours(zone, week), moment)


@given(ZONES, WEEKS, DAYS, DAYS, MOMENTS)
def test_stretch_is_each_of_its_dates(
    zone: ZoneInfo, week: dict[int, tuple[Span, ...]], one: date, other: date, moment: datetime
) -> None:
    first, last = min(one, other), max(one, other)
    each = frozenset(first + timedelta(days=n) for n in range((last - first).days + 1))
    year = {(day.month, day.day) for day in each}

    whole = is_open_at(OpeningHours(zone, week, shut=(Dates(first, last),)), moment)
    yearly = OpeningHours(zone, week, shut=tuple(EachYear(day, day) for day in year))

    assert whole == is_open_at(OpeningHours(zone, week, closed=each), moment)
    assert whole >= is_open_at(yearly, moment)


@given(ZONES, st.lists(SPANS, max_size=2).map(tuple), DAYS, st.integers(0, DAY_MINUTES - 1))
def test_special_hours_hold_to_the_minute_of_the_wall_clock(
    zone: ZoneInfo, spans: tuple[Span, ...], day: date, minute: int
) -> None:
    calendar = OpeningHours(zone, {}, frozenset({day}), special={day: spans})
    wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone)
    seen = wall.astimezone(UTC).astimezone(zone)
    shown = seen.hour * 60 + seen.minute + (seen.date() - day).days * DAY_MINUTES

    assert is_open_at(calendar, wall.astimezone(UTC)) == any(span.opens <= shown < span.closes for span in spans)


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (london(23, 10), london(23, 10)),
        (london(23, 12, 30), london(23, 13)),
        (london(20, 18), london(23, 9)),
        (london(24, 18, month=12), london(28, 9, month=12)),
    ],
)
def test_an_office_opens_next_at_its_hour(moment: datetime, opens: datetime) -> None:
    assert opens_after(OFFICE, moment) == opens


def test_an_hour_that_the_clocks_skip_begins_after_it() -> None:
    night = OpeningHours(LONDON, {6: (Span(60, 180),)})
    assert opens_after(night, london(28, 23, month=3)) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert opens_after(OpeningHours(LONDON, {}), london(23, 9)) is None


@given(st.integers(0, 365 * DAY_MINUTES), st.sampled_from([OFFICE, NIGHT]))
def test_it_is_open_when_it_opens_and_never_before(minute: int, hours: OpeningHours) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    opened = opens_after(hours, moment)
    assert opened is not None
    assert opened >= moment
    assert is_open_at(hours, opened)
    looked = [moment + timedelta(minutes=each) for each in range(0, int((opened - moment).total_seconds() // 60), 7)]
    assert not any(is_open_at(hours, each) for each in looked)
