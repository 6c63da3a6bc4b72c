"""A record that is changed by a copy."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import an_agent
from trunkline.core.agent import Agent
from trunkline.core.call import Call
from trunkline.core.ids import AsteriskId, CallId
from trunkline.core.record import changed

ANA = an_agent()
NAMES = st.sampled_from([name for name in Agent.__dataclass_fields__ if name != "id"])


@given(st.dictionaries(NAMES, st.integers()))
def test_a_changed_record_is_what_replace_makes(changes: dict[str, int]) -> None:
    assert changed(ANA, **changes) == replace(ANA, **changes)  # type: ignore[arg-type]
    assert an_agent() == ANA


def test_a_field_that_there_is_not_is_refused() -> None:
    with pytest.raises(TypeError, match="Agent has no nickname"):
        changed(ANA, nickname="Annie")


def test_a_record_counts_by_what_is_in_it() -> None:
    one, same, other = (Call(CallId(AsteriskId("trunkline"), each), "demo-trunk-1") for each in "556")

    assert {one: 1}[same] == 1
    assert (one == same, one == other, hash(one) == hash(same)) == (True, False, True)
    assert sorted([other.id, one.id]) == [one.id, other.id]
