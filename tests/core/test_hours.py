"""Opening hours by the clock on the wall, through nights, holidays and clock changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.hours import DAY_MINUTES, OpeningHours, Span, is_open_at

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
