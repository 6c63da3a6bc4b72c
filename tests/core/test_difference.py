"""What is different between two documents, and that making it so is exactly that."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.difference import Difference, Kind, applied, differences, identity

KEYS = st.sampled_from("abcd")
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(0, 3), st.sampled_from(["", "x", "1"]))
CODED = st.lists(
    st.fixed_dictionaries({"code": KEYS, "title": LEAVES}), max_size=4, unique_by=lambda each: each["code"]
)
DOCUMENTS = st.recursive(
    st.one_of(LEAVES, CODED),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


def canonical(document: Any) -> str:
    return json.dumps(document, sort_keys=True)


@given(DOCUMENTS, DOCUMENTS)
def test_applying_the_difference_gives_the_new_one(old: Any, new: Any) -> None:
    before = copy.deepcopy(old)

    assert canonical(applied(old, differences(old, new))) == canonical(new)
    assert old == before


@given(DOCUMENTS)
def test_equal_documents_have_no_difference(document: Any) -> None:
    assert differences(document, copy.deepcopy(document)) == []


@given(DOCUMENTS, DOCUMENTS)
def test_no_difference_means_the_same(old: Any, new: Any) -> None:
    assert bool(differences(old, new)) or canonical(old) == canonical(new)


def test_each_difference_leads_to_its_place() -> None:
    old = {"queues": {"sales": {"ring_for": "20s"}, "old": {}}, "codes": [{"code": "a", "title": "A"}]}
    new = {"queues": {"sales": {"ring_for": "30s"}, "new": {}}, "codes": [{"code": "a", "title": "B"}]}

    assert differences(old, new) == [
        Difference(("queues", "old"), Kind.REMOVED, {}),
        Difference(("queues", "sales", "ring_for"), Kind.CHANGED, "20s", "30s"),
        Difference(("queues", "new"), Kind.ADDED, None, {}),
        Difference(("codes", "a", "title"), Kind.CHANGED, "A", "B"),
    ]


def test_order_of_a_list_counts_and_that_of_new_keys_does_not() -> None:
    a, b, c = ({"code": code} for code in "abc")

    assert [each.kind for each in differences([a, b], [b, a])] == [Kind.MOVED]
    assert [each.kind for each in differences([a, b], [c, a, b])] == [Kind.ADDED, Kind.MOVED]
    assert [each.kind for each in differences({"a": 1, "b": 1}, {"c": 1, "a": 1, "b": 1})] == [Kind.ADDED]
    assert [each.kind for each in differences({"a": 1, "b": 1}, {"b": 1, "a": 1})] == [Kind.MOVED]


def test_true_is_not_one() -> None:
    assert differences({"a": True}, {"a": 1}) == [Difference(("a",), Kind.CHANGED, True, 1)]


@pytest.mark.parametrize(
    ("items", "name"),
    [
        ([{"code": "a"}, {"code": "b"}], "code"),
        ([{"id": "a"}], "id"),
        ([{"name": "a"}], "name"),
        ([{"code": "a"}, {"code": "a"}], None),
        ([{"code": 1}], None),
        (["a"], None),
        ([], None),
    ],
)
def test_items_are_told_apart_by_a_key_of_their_own(items: list[Any], name: str | None) -> None:
    assert identity(items) == name


def test_every_kind_of_difference_is_made_in_a_coded_list_too() -> None:
    old = {"a": [{"code": "x", "in": [{"id": "1"}, {"id": "2"}]}, {"code": "y"}]}
    new = {"a": [{"code": "z"}, {"code": "x", "in": [{"id": "2", "n": 1}, {"id": "1"}]}]}

    found = differences(old, new)

    assert {each.kind for each in found} == {Kind.ADDED, Kind.REMOVED, Kind.MOVED}
    assert applied(old, found) == new
    assert applied([{"id": "1"}, {"id": "2"}], differences([{"id": "1"}, {"id": "2"}], [{"id": "2"}, {"id": "1"}])) == [
        {"id": "2"}, {"id": "1"},
    ]  # fmt: skip
    assert list(applied({"a": 1, "b": 2}, [Difference((), Kind.MOVED, ["a", "b"], ["b", "a"])])) == ["b", "a"]
    assert applied(1, differences(1, 2)) == 2
