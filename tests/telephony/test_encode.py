"""Whatever text goes in, the wire holds exactly one action."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.errors import Rejected
from trunkline.telephony.encode import LONGEST_LINE, BadHeader, clean, encode

ANY_TEXT = st.text(st.characters(), max_size=60) | st.sampled_from(
    ["a\r\nAction: Originate", "a\nb", "a\rb", "\x00", "\u2028", "\x85", '"', "${SHELL(ls)}", "\udc80", "Zoë 😀"]
)


@given(st.dictionaries(ANY_TEXT, ANY_TEXT | st.lists(ANY_TEXT, min_size=1, max_size=3), max_size=4))
def test_the_wire_holds_one_action_or_nothing_at_all(action: dict[str, str | list[str]]) -> None:
    try:
        wire = encode({"Action": "Setvar", **action})
    except BadHeader:
        return

    assert wire.count(b"\r\n\r\n") == 1
    assert wire.endswith(b"\r\n\r\n")
    assert b"\n" not in wire.replace(b"\r\n", b"")
    assert b"\r" not in wire.replace(b"\r\n", b"")
    values = [
        v for value in ({"Action": "Setvar", **action}).values() for v in ([value] if isinstance(value, str) else value)
    ]
    assert [line.decode().split(": ", 1)[1] for line in wire.split(b"\r\n")[:-2]] == values


@given(st.characters(categories=["Cc"]), ANY_TEXT)
def test_a_control_character_is_refused(control: str, text: str) -> None:
    with pytest.raises(BadHeader, match="control character"):
        encode({"Action": "Setvar", "Value": text.replace("\udc80", "") + control})


@pytest.mark.parametrize("key", ["", "Value: x\r\nAction", "Va lue", "Välue", "-a", "a:b"])
def test_a_key_is_a_word(key: str) -> None:
    with pytest.raises(BadHeader, match="name of an AMI header"):
        encode({key: "x"})


def test_an_empty_action_is_refused() -> None:
    with pytest.raises(BadHeader, match="at least one"):
        encode({})


def test_a_line_longer_than_asterisk_reads_is_refused() -> None:
    longest = "ë" * ((LONGEST_LINE - len("Value: \r\n")) // 2)

    assert encode({"Value": longest})
    with pytest.raises(BadHeader, match="longer"):
        encode({"Value": longest + "ë"})


def test_a_refused_header_is_a_refusal_and_a_value_error() -> None:
    assert issubclass(BadHeader, Rejected)
    assert issubclass(BadHeader, ValueError)


def test_headers_keep_their_order_and_lists_repeat_theirs() -> None:
    assert encode({"Action": "X", "Variable": ["a=1", "b=2"]}) == b"Action: X\r\nVariable: a=1\r\nVariable: b=2\r\n\r\n"


@given(ANY_TEXT, st.integers(0, 300))
def test_cleaned_text_is_short_and_without_control_characters(text: str, at_most: int) -> None:
    cleaned = clean(text, at_most=at_most)

    assert len(cleaned) <= at_most
    assert not any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in cleaned)
    assert clean("plain", at_most=3) == "pla"
