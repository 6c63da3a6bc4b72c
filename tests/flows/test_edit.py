"""A text that is changed by its keys: what was asked comes true, and nothing else in it moves."""

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.flows.edit import CannotEdit, Edit, Order, Put, Remove, edited
from trunkline.flows.source import read

SHIPPED = (Path(__file__).parents[2] / "ivr_flows" / "centre.yaml").read_text(encoding="utf-8")
TEXT = """\
# The head stays.
name: Acme   # so does this
queues:
  # Who buys
  sales:
    title: Sales    # the eldest
    ring_for: 20s

  # Who asks
  support: {title: "Support", ring_for: 20s}
agents:
  ana:
    queues:
      # the usual ones
      - sales
      - support   # since May
    name: Ana
codes:
  # the best
  - {code: sold, title: Sold}
  - code: lost
    title: Lost   # sadly
empty: {}
none:
last: [1, 2.5, true]
"""


def lines_changed(text: str, *edits: Edit) -> tuple[list[str], list[str]]:
    """Return the lines that went and that came, each in its order."""
    before, after = text.splitlines(), edited(text, edits).splitlines()
    return [line for line in before if line not in after], [line for line in after if line not in before]


def value_of(text: str) -> Any:
    root, problems = read(text.encode(), "x")
    assert root is not None, problems
    return root.value


@pytest.mark.parametrize(
    ("edit", "gone", "come"),
    [
        (Put(("name",), "Acme: Ltd"), ["name: Acme   # so does this"], ['name: "Acme: Ltd"   # so does this']),
        (Put(("queues", "sales", "ring_for"), "30s"), ["    ring_for: 20s"], ["    ring_for: 30s"]),
        (Put(("queues", "sales", "wrap_up"), "30s"), [], ["    wrap_up: 30s"]),
        (
            Put(("queues", "support", "music"), "calm"),
            ['  support: {title: "Support", ring_for: 20s}'],
            ['  support: {title: "Support", ring_for: 20s, music: calm}'],
        ),
        (Put(("queues", "late"), {"title": "Late"}), [], ["  late: {title: Late}"]),
        (Put(("agents", "ana", "role"), "admin"), [], ["    role: admin"]),
        (Put(("agents", "ben"), {"name": "Ben"}), [], ["  ben:", "    name: Ben"]),
        (Remove(("queues", "support")), ['  support: {title: "Support", ring_for: 20s}'], []),
        (
            Remove(("queues", "support", "title")),
            ['  support: {title: "Support", ring_for: 20s}'],
            ["  support: {ring_for: 20s}"],
        ),
        (
            Remove(("queues", "support", "ring_for")),
            ['  support: {title: "Support", ring_for: 20s}'],
            ['  support: {title: "Support"}'],
        ),
        (Remove(("agents", "ana", "name")), ["    name: Ana"], []),
        (Remove(("name",)), ["name: Acme   # so does this"], []),
        (Remove(("codes", "sold")), ["  - {code: sold, title: Sold}"], []),
        (Remove(("codes", "lost")), ["  - code: lost", "    title: Lost   # sadly"], []),
        (Put(("codes", "lost", "title"), "Gone"), ["    title: Lost   # sadly"], ["    title: Gone   # sadly"]),
        (Put(("codes", "new"), {"code": "new", "title": "12"}), [], ['  - {code: new, title: "12"}']),
        (Put(("empty", "a", "b"), 1), ["empty: {}"], ["empty:", "  a: {b: 1}"]),
        (Put(("none", "a"), None), [], ["  a: null"]),
        (Put(("none",), "2026-12-24"), ["none:"], ['none: "2026-12-24"']),
        (Put(("brand", "new", "way"), "x"), [], ["brand: {new: {way: x}}"]),
        (Put(("last",), [0.5, "true", 3.0]), ["last: [1, 2.5, true]"], ['last: [0.5, "true", 3.0]']),
        (Put(("last", "1"), 7), ["last: [1, 2.5, true]"], ["last: [1, 7, true]"]),
        (
            Put(("agents", "ana", "queues"), ["support"]),
            ["    queues:", "      - sales", "      - support   # since May"],
            ["    queues: [support]"],
        ),
        (Order(("codes",), ("lost", "sold")), [], []),
        (Order(("queues",), ("support", "sales")), [], []),
        (Order(("queues", "support"), ("ring_for", "title")), ['  support: {title: "Support", ring_for: 20s}'],
         ['  support: {ring_for: 20s, title: "Support"}']),
    ],
)  # fmt: skip
def test_only_what_is_meant_is_written_anew(edit: Edit, gone: list[str], come: list[str]) -> None:
    assert lines_changed(TEXT, edit) == (gone, come)


def test_last_entry_of_a_section_leaves_an_empty_one_with_its_comments() -> None:
    text = edited(SHIPPED, [Remove(("hours", "support"))])

    assert "hours: {}\n  # Open around the clock" in text
    assert "  #   holidays: GB-ENG" in text
    assert value_of(text)["hours"] == {}
    again = edited(text, [Put(("hours", "new"), {"zone": "Europe/London", "open": {"mon": "09:00-17:00"}})])
    assert value_of(again)["hours"]["new"]["open"] == {"mon": "09:00-17:00"}


def test_long_entry_is_written_on_several_lines() -> None:
    text = edited(TEXT, [Put(("queues", "sales_of_old"), {"title": "S" * 60, "music": "calm", "note": "n" * 40})])

    assert f"  sales_of_old:\n    title: {'S' * 60}\n    music: calm\n" in text


SEVERAL = 'Hello {name},\n\n  - "yes": no # none\nBye'


def test_a_text_of_several_lines_is_written_as_such_with_the_remark_at_its_key() -> None:
    text = edited("a:\n  b: old  # a remark\n  c: 1\n", [Put(("a", "b"), SEVERAL)])

    assert text == ('a:\n  b: |-  # a remark\n    Hello {name},\n\n      - "yes": no # none\n    Bye\n  c: 1\n')
    assert edited(text, [Put(("a", "b"), "new")]) == "a:\n  b: new\n  c: 1\n"
    assert value_of(edited(text, [Put(("a", "b"), f"{SEVERAL}\nmore")]))["a"]["b"] == f"{SEVERAL}\nmore"


def test_texts_by_language_and_in_new_entries_keep_their_lines_too() -> None:
    text = edited("a:\n  b: |\n    one\n    two\n  c: 1\n", [Put(("a", "b"), {"en": "x", "es": "y\nz"})])
    assert text == "a:\n  b:\n    en: x\n    es: |-\n      y\n      z\n  c: 1\n"

    text = edited("a:\n  b: {t: x}\n", [Put(("a", "new"), {"title": "T", "text": "y\nz"})])
    assert text == "a:\n  b: {t: x}\n  new:\n    title: T\n    text: |-\n      y\n      z\n"


@pytest.mark.parametrize("value", ["a\n", "\na\nb", " a\nb", "a\n ", "a\n\n", "\ta\nb"])
def test_lines_that_yaml_would_read_otherwise_are_written_in_quotes(value: str) -> None:
    text = edited("a:\n  b: old\n", [Put(("a", "b"), value)])

    assert value_of(text) == {"a": {"b": value}}
    assert text.count("\n") == 2


def test_between_brackets_there_is_one_line() -> None:
    assert edited("a: {b: x, c: 1}\n", [Put(("a", "b"), "y\nz")]) == 'a: {b: "y\\nz", c: 1}\n'


def test_lines_end_as_they_did() -> None:
    text = edited(TEXT.replace("\n", "\r\n"), [Put(("queues", "late"), {"title": "Late"})])

    assert "\r\n  late: {title: Late}\r\n" in text
    assert "\n" not in text.replace("\r\n", "")
    several = edited(text, [Put(("queues", "late", "title"), "y\nz"), Put(("name",), "y\nz")])
    assert "\n" not in several.replace("\r\n", "")
    assert value_of(several)["name"] == "y\nz"


@pytest.mark.parametrize(
    "edit",
    [
        Put((), 1), Remove(()), Remove(("nobody",)), Remove(("queues", "x")), Remove(("queues", "x", "y")),
        Remove(("name", "x")), Put(("name", "x"), 1), Put(("name", "x", "y"), 1), Remove(("codes", "none")),
        Put(("codes", "none", "title"), "x"), Order(("codes",), ("sold",)), Order(("name",), ()),
        Order(("nobody",), ()), Order(("codes", "none"), ()), Put(("name",), object()), Remove(("last", "x")),
        Order((), ("name",)), Put(("name",), "a\0b"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused(edit: Edit) -> None:
    with pytest.raises(CannotEdit):
        edited(TEXT, [edit])


@pytest.mark.parametrize("text", ["", "[", "- a\n- b\n"])
def test_text_that_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(CannotEdit):
        edited(text, [Put(("a", "b"), 1)])


def test_sections_are_put_in_order_at_the_top_too() -> None:
    text = edited("b: 1  # one\na: 2\n", [Order((), ("a", "b"))])

    assert text == "a: 2\nb: 1  # one\n"


def test_first_key_of_an_item_leaves_its_dash() -> None:
    text = edited("codes:\n  - code: a\n    title: A\n  - code: b\n    title: B\n", [Remove(("codes", "a", "code"))])

    assert text == "codes:\n  - title: A\n  - code: b\n    title: B\n"


def test_only_key_of_an_item_leaves_nothing_in_it() -> None:
    assert value_of(edited("codes:\n  - code: a\n", [Remove(("codes", "a", "code"))])) == {"codes": [{}]}


def test_first_item_of_an_empty_list_is_written_in_it() -> None:
    assert edited("codes: []\n", [Put(("codes", "a"), {"code": "a"})]) == "codes: [{code: a}]\n"
    assert edited("a: {b: {}}\n", [Put(("a", "b", "c"), 1)]) == "a: {b: {c: 1}}\n"


KEYS = st.sampled_from(["a", "b", "c d", "true", "12", "ü"])
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**9), 10**9),
    st.sampled_from(["", " x", "x: y", "20s", "a#b", "- a", "☎", "null", "x\ny", "x\n\n  y: z\nx"]),
    st.text("abc #:-'\"{}[],&*!|>%@`\n\t", max_size=8),
)  # fmt: skip
VALUES = st.recursive(
    LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)), max_leaves=8
)


def block(value: Any, indent: int = 0) -> str:
    """Write a value as block YAML, the way people do."""
    pad = " " * indent
    if isinstance(value, dict) and value:
        return "\n" * (indent > 0) + "\n".join(
            f'{pad}# of {at}\n{pad}"{key}":{block(each, indent + 2)}' for at, (key, each) in enumerate(value.items())
        )
    if isinstance(value, list) and value:
        return "\n" + "\n".join(f"{pad}-{block(each, indent + 2)}" for each in value)
    from trunkline.flows.edit import _flow  # noqa: PLC0415

    return f" {_flow(value)}  # a remark"


@settings(deadline=None)
@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4), st.data())
def test_edit_of_any_block_text_is_as_meant_or_refused(document: dict[str, Any], data: st.DataObject) -> None:
    text = block(document) + "\n"
    assert value_of(text) == document
    way, holder = [], document
    while isinstance(holder, dict) and holder and (not way or data.draw(st.booleans())):
        way.append(data.draw(st.sampled_from(sorted(holder))))
        if not isinstance(holder[way[-1]], dict):
            break
        holder = holder[way[-1]]
    new = data.draw(VALUES)
    meant = copy.deepcopy(document)
    inside = meant
    for key in way[:-1]:
        inside = inside[key]

    if data.draw(st.booleans()):
        inside[way[-1]] = new
        edit: Edit = Put(tuple(way), new)
    else:
        del inside[way[-1]]
        edit = Remove(tuple(way))

    assert value_of(edited(text, [edit])) == meant
