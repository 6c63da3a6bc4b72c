"""Ids: two finders of one call agree; what was stored is read again."""

from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import an_agent, later
from trunkline.core.agent import PhoneKind, Presence, endpoint_owner, release, show, take
from trunkline.core.ids import AsteriskId, CallId, InteractionId, interaction_id_of, message_id_of

names = st.text(st.characters(exclude_characters="/"), min_size=1)


@given(names, st.text(min_size=1))
def test_a_call_id_is_read_as_it_was_written(asterisk: str, uniqueid: str) -> None:
    call = CallId(AsteriskId(asterisk), uniqueid)

    assert CallId.parse(str(call)) == call


@pytest.mark.parametrize("text", ["", "trunkline", "/1", "trunkline/"])
def test_other_text_is_no_call_id(text: str) -> None:
    with pytest.raises(ValueError, match="not a call id"):
        CallId.parse(text)


def test_two_finders_of_a_call_agree_and_two_calls_differ() -> None:
    one, same, other = (CallId(AsteriskId("a"), uniqueid) for uniqueid in ("1.1", "1.1", "1.2"))

    assert interaction_id_of(one) == interaction_id_of(same) != interaction_id_of(other)


@pytest.mark.parametrize("phone", PhoneKind)
def test_an_endpoint_leads_back_to_its_agent(phone: PhoneKind) -> None:
    agent = an_agent("ana", phone=phone)

    assert endpoint_owner(agent.endpoint) == ("ana", phone)


def test_idle_time_counts_from_the_last_served_contact_and_not_from_a_missed_one() -> None:
    ready = show(an_agent(), Presence.READY, None, at=later(0))
    busy = take(ready, InteractionId("one"), "voice", at=later(1))

    assert not busy.is_free
    assert release(busy, InteractionId("one"), at=later(60), served=True).idle_since == later(60)
    assert release(busy, InteractionId("one"), at=later(60), served=False).idle_since == later(0)


def test_the_same_presence_again_keeps_its_time() -> None:
    ready = show(an_agent(), Presence.READY, None, at=later(0))

    assert show(ready, Presence.READY, None, at=later(9)) is ready
    back = show(show(ready, Presence.NOT_READY, "break", at=later(5)), Presence.READY, None, at=later(9))
    assert (back.since, back.idle_since) == (later(9), later(0))


@given(st.text())
def test_the_ids_of_a_call_are_uuids_of_version_5_that_never_change(text: str) -> None:
    call = CallId(AsteriskId("trunkline"), text)
    calls, messages = "5b0c3d0e-8f0e-5a59-9a6e-6f0b7f1f6a10", "0d1a5a3e-6f2b-5c0e-8d57-2a9d3c1b7e42"

    assert interaction_id_of(call) == str(uuid5(UUID(calls), f"trunkline/{text}"))
    assert message_id_of(call) == str(uuid5(UUID(messages), f"trunkline/{text}"))
