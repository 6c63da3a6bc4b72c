"""How far a message has come: tries, receipts, and what is given up."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOON
from trunkline.core.ids import MessageId
from trunkline.core.outgoing import (
    BACK_OFF,
    MOST_TRIES,
    Delivery,
    Outgoing,
    again,
    furthest_behind,
    put_off,
    receipt,
    refused,
    taken,
)
from trunkline.core.record import changed

OUT = Outgoing(MessageId("m"), "text", "+447700900123", "Hello", NOON)


def test_each_try_waits_longer_than_the_one_before_until_it_is_given_up() -> None:
    out, waits = OUT, []
    while out.state is Delivery.WAITING:
        out = put_off(out, "the provider is away", at=NOON)
        waits.append(out.due - NOON if out.due is not None else None)

    assert waits[: len(BACK_OFF)] == list(BACK_OFF)
    assert waits[-1] is None
    assert (out.tries, out.why) == (MOST_TRIES, "the provider is away")
    assert sum((wait for wait in waits if wait), timedelta()) > timedelta(hours=20)


def test_a_provider_may_say_when_to_come_again() -> None:
    assert put_off(OUT, "too many", at=NOON, again_in=timedelta(seconds=2)).due == NOON + timedelta(seconds=2)


def test_a_receipt_may_be_quicker_than_the_providers_answer() -> None:
    out = taken(receipt(OUT, Delivery.DELIVERED), "SM1")
    assert (out.state, out.external) == (Delivery.DELIVERED, "SM1")
    assert taken(OUT, "SM1").state is Delivery.SENT


def test_what_failed_after_it_was_taken_says_why() -> None:
    out = receipt(taken(OUT, "SM1"), Delivery.FAILED, "no such number (30003)")
    assert (out.state, out.why) == (Delivery.FAILED, "no such number (30003)")
    assert taken(out, "SM1").why == out.why


@given(st.lists(st.sampled_from(list(Delivery)), max_size=8))
def test_what_was_delivered_stays_so_in_whatever_order_receipts_come(told: list[Delivery]) -> None:
    out = taken(OUT, "SM1")
    for state in told:
        out = receipt(out, state, "why")
    assert out.state is not Delivery.WAITING
    assert (out.state is Delivery.DELIVERED) == (Delivery.DELIVERED in told)


def test_a_message_of_several_parts_has_come_as_far_as_its_last_one() -> None:
    parts = [changed(OUT, state=state) for state in (Delivery.DELIVERED, Delivery.SENT, Delivery.FAILED)]
    assert furthest_behind(parts) is parts[2]
    assert furthest_behind(parts[:2]) is parts[1]
    assert furthest_behind([]) is None


@pytest.mark.parametrize("failed", [refused(OUT, "no such number"), changed(OUT, state=Delivery.FAILED, tries=30)])
def test_what_is_sent_again_begins_anew(failed: Outgoing) -> None:
    assert again(failed) == OUT
