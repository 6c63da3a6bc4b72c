"""Drafts by their versions: whatever order words come in, the last holds, and what was sent is gone."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.draft import MOST_AHEAD, Draft, WrongCount, ended, newer, sent
from trunkline.core.ids import AgentId, InteractionId

NOW = datetime(2026, 11, 27, tzinfo=UTC)
ONE, ANA, BEN = InteractionId("one"), AgentId("ana"), AgentId("ben")
versions = st.integers(1, 40)


def a_draft(version: int, text: str = "text", by: AgentId = ANA) -> Draft:
    return Draft(ONE, by, NOW, version, text)


@given(st.lists(versions))
def test_the_highest_version_holds_in_whatever_order_they_come(given_: list[int]) -> None:
    present: Draft | None = None
    for version in given_:
        present = newer(present, a_draft(version, str(version))) or present

    assert (present.version if present else None) == max(given_, default=None)
    assert present is None or present.text == str(present.version)


@given(st.lists(st.tuples(st.booleans(), versions)), versions, st.lists(versions))
def test_no_draft_before_a_message_comes_back_after_it(
    before: list[tuple[bool, int]], version: int, late: list[int]
) -> None:
    present: Draft | None = None
    for is_message, number in before:
        came = sent(present, ONE, ANA, at=NOW, version=number) if is_message else newer(present, a_draft(number))
        present = came or present
    left = sent(present, ONE, ANA, at=NOW, version=version)
    present = left or present
    assert present is not None
    after = present
    for number in late:
        present = newer(present, a_draft(number, "late")) or present

    assert present.version >= version
    if not any(number > after.version for number in late):
        assert present is after
    assert left is None or left.is_empty


def test_who_keeps_no_drafts_leaves_nothing_of_their_own_and_all_of_others() -> None:
    assert sent(None, ONE, ANA, at=NOW, version=None) is None
    assert sent(a_draft(3, by=BEN), ONE, ANA, at=NOW, version=None) is None
    left = sent(a_draft(3), ONE, ANA, at=NOW, version=None)
    assert left is not None
    assert (left.version, left.is_empty) == (4, True)


def test_nobody_counts_so_far_ahead_that_others_could_never_write_again() -> None:
    assert newer(a_draft(5), a_draft(5 + MOST_AHEAD)) is not None
    for ahead in (5 + MOST_AHEAD + 1, 2**53 - 1):
        with pytest.raises(WrongCount, match="too far ahead"):
            newer(a_draft(5), a_draft(ahead))
        with pytest.raises(WrongCount):
            sent(a_draft(5), ONE, ANA, at=NOW, version=ahead)


@pytest.mark.parametrize("part", ["text", "subject", "cc", "bcc"])
def test_a_draft_with_anything_in_it_is_not_empty(part: str) -> None:
    assert Draft(ONE, ANA, NOW, 1).is_empty
    assert not Draft(ONE, ANA, NOW, 1, **{part: "a"}).is_empty


def test_what_is_over_is_otherwise_as_it_was() -> None:
    over = ended(a_draft(3))

    assert (over.over, over.version, over.text) == (True, 3, "text")
