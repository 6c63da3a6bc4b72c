"""Addresses that let whoever has them fetch one file, for a while."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.channels.signed import is_signed, signed_query

KEY = b"a key"
moments = st.datetimes(datetime(2026, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def query(what: str, now: datetime, key: bytes = KEY) -> dict[str, str]:
    return dict(parse_qsl(signed_query(key, what, now=now)))


@given(moments, st.text(max_size=20), st.timedeltas(timedelta(0), timedelta(days=1)))
def test_an_address_is_good_for_a_day_at_least_and_for_two_at_most(now: datetime, what: str, after: timedelta) -> None:
    given_query = query(what, now)
    assert is_signed(KEY, what, given_query, now=now + after)
    assert not is_signed(KEY, what, given_query, now=now + timedelta(days=2, seconds=1))


@pytest.mark.parametrize(
    "spoilt", [{"until": "99999999999"}, {"sign": "x"}, {"sign": ""}, {"until": "-1"}, {"until": "9\u0663"}]
)
def test_nobody_makes_one_up(spoilt: dict[str, str]) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    good = query("web/1", now)
    assert not is_signed(KEY, "web/1", good | spoilt, now=now)
    assert not is_signed(KEY, "web/2", good, now=now)
    assert not is_signed(KEY, "web/1", query("web/1", now, b"another"), now=now)
    assert not is_signed(KEY, "web/1", {}, now=now)


def test_within_a_day_it_stays_the_same() -> None:
    morning = datetime(2026, 1, 1, 1, tzinfo=UTC)
    assert query("web/1", morning) == query("web/1", morning + timedelta(hours=22))
