"""How many text messages a text becomes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.flows.segments import Segments, segments

GSM = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCZÄÖÑÜ§¿abczäöñüà"


@pytest.mark.parametrize(
    ("text", "count", "alphabet"),
    [
        ("", 1, "gsm-7"),
        (GSM, 1, "gsm-7"),
        ("a" * 160, 1, "gsm-7"),
        ("a" * 161, 2, "gsm-7"),
        ("a" * 306, 2, "gsm-7"),
        ("a" * 307, 3, "gsm-7"),
        ("a" * 459, 3, "gsm-7"),
        ("a" * 460, 4, "gsm-7"),
        ("€" * 80, 1, "gsm-7"),
        ("€" * 80 + "a", 2, "gsm-7"),
        # 153 is odd: the escape and its character would be parted, so the last septet of each segment stays empty.
        ("€" * 152, 2, "gsm-7"),
        ("€" * 153, 3, "gsm-7"),
        ("ж" * 70, 1, "ucs-2"),
        ("ж" * 71, 2, "ucs-2"),
        ("ж" * 134, 2, "ucs-2"),
        ("ж" * 135, 3, "ucs-2"),
        ("😀" * 35, 1, "ucs-2"),
        ("😀" * 36, 2, "ucs-2"),
        ("😀" * 66, 2, "ucs-2"),
        ("😀" * 67, 3, "ucs-2"),
        ("a" * 69 + "’", 1, "ucs-2"),
        ("a" * 70 + "’", 2, "ucs-2"),
    ],
)
def test_text_is_counted_in_the_alphabet_it_needs(text: str, count: int, alphabet: str) -> None:
    found = segments(text)

    assert (found.count, found.alphabet) == (count, alphabet)


def test_characters_that_the_alphabet_lacks_are_named_once_in_their_order() -> None:
    assert segments("It’s “fine”, it’s “é”") == Segments(1, "ucs-2", ("’", "“", "”"))
    assert segments("ç `\t\x1b").foreign == ("ç", "`", "\t", "\x1b")
    assert segments("^{}\\[~]|€\f").foreign == ()


@given(st.text(alphabet=st.sampled_from("aé€[ж😀’"), max_size=400))
def test_never_fewer_than_fit_and_never_one_more_than_parting_would_need(text: str) -> None:
    found = segments(text)
    if found.alphabet == "gsm-7":
        size, alone, each = sum(2 if character in "€[" else 1 for character in text), 160, 153
    else:
        size, alone, each = len(text.encode("utf-16-le")) // 2, 70, 67

    assert found.count == 1 if size <= alone else -(-size // each) <= found.count <= -(-size // (each - 1))
