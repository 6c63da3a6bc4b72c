"""How much an agent holds at once."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.capacity import USUAL, WHOLE, Capacity

limits = st.dictionaries(st.sampled_from(["voice", "chat", "email"]), st.integers(1, 10), min_size=1)


def test_one_call_or_three_chats_fill_an_agent() -> None:
    assert USUAL.room({}) == {"voice", "video", "chat", "sms", "social", "email"}
    assert USUAL.room({"voice": 1}) == frozenset()
    assert USUAL.room({"chat": 2}) == {"chat", "sms", "social"}
    assert USUAL.room({"chat": 3}) == frozenset()
    assert USUAL.room({"chat": 1, "email": 1}) == frozenset()


def test_a_call_interrupts_chats_only_where_it_says_so() -> None:
    interrupting = Capacity({"voice": 1, "chat": 3}, {"voice": frozenset({"chat"})})

    assert interrupting.room({"chat": 3}) == {"voice"}
    assert interrupting.room({"chat": 2, "voice": 1}) == frozenset()
    assert Capacity({"voice": 1, "chat": 3}).room({"chat": 1}) == {"chat"}


def test_what_is_held_without_being_taken_any_more_fills_the_agent() -> None:
    assert Capacity({"chat": 3}).room({"voice": 1}) == frozenset()
    assert Capacity({}).room({}) == frozenset()


@given(limits)
def test_of_one_medium_alone_exactly_the_limit_is_taken(limits: dict[str, int]) -> None:
    capacity = Capacity(limits)
    for medium, limit in limits.items():
        assert WHOLE % limit == 0
        assert medium in capacity.room({medium: limit - 1})
        assert medium not in capacity.room({medium: limit})


@given(limits, st.dictionaries(st.sampled_from(["voice", "chat", "email"]), st.integers(0, 10)))
def test_more_in_hand_never_leaves_more_room(limits: dict[str, int], held: dict[str, int]) -> None:
    capacity = Capacity(limits)
    for medium, number in held.items():
        assert capacity.room({**held, medium: number + 1}) <= capacity.room(held)


@given(limits, st.lists(st.lists(st.sampled_from(["voice", "chat", "email"]), max_size=6), max_size=6))
def test_room_is_the_same_however_often_and_in_whatever_order_it_is_asked(
    limits: dict[str, int], hands: list[list[str]]
) -> None:
    capacity = Capacity(limits)
    for held in [*hands, *hands]:
        assert capacity.room_beside(held) == Capacity(limits).room(Counter(held))
