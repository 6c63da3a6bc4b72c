"""Numbers in any notation: E.164 inside, national on the screen."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.phone import address_of, e164, example_number, national


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("+447700900123", "+447700900123"),
        ("07700 900123", "+447700900123"),
        ("0044 7700 900 123", "+447700900123"),
        ("(07700) 900-123", "+447700900123"),
        ("+1 212-555-0123", "+12125550123"),
        ("100", None),
        ("sales", None),
        ("", None),
    ],
)
def test_any_notation_becomes_one_number(written: str, kept: str | None) -> None:
    assert e164(written, "GB") == kept


@pytest.mark.parametrize("withheld", ["", "anonymous", "Anonymous ", "Restricted", "unavailable"])
def test_a_withheld_number_is_nobodys(withheld: str) -> None:
    assert address_of(withheld, "GB").anonymous


@pytest.mark.parametrize(
    ("caller", "shown"),
    [("+447700900123", "07700 900123"), ("+12125550123", "+1 212-555-0123"), ("4711", "4711"), ("", "")],
)
def test_a_number_is_shown_as_people_write_it(caller: str, shown: str) -> None:
    assert national(address_of(caller, "GB"), "GB") == shown


@given(st.text(max_size=300))
def test_no_text_is_too_strange(text: str) -> None:
    address = address_of(text, "GB")

    assert address.e164 is None or address.e164.startswith("+")
    assert isinstance(national(address, "GB"), str)


CODES = sorted({*phonenumbers.COUNTRY_CODE_TO_REGION_CODE, 210, 999})


@given(st.sampled_from(CODES), st.text("0123456789", min_size=1, max_size=13))
def test_an_international_number_is_what_the_library_makes_of_it(code: int, rest: str) -> None:
    text = f"+{code}{rest}"

    assert e164(text, "GB") == made_by_the_library(text)


def made_by_the_library(text: str) -> str | None:
    try:
        number = phonenumbers.parse(text, "GB")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@pytest.mark.parametrize(("region", "begins"), [("GB", "+44"), ("US", "+1"), ("ES", "+34"), ("IT", "+39")])
def test_example_is_a_number_of_its_region_in_keys(region: str, begins: str) -> None:
    example = example_number(region)

    assert example.isdigit()
    assert (e164(example, region) or "").startswith(begins)


def test_example_for_no_region_is_british() -> None:
    assert e164(example_number("ZZ"), "GB") == "+447700900123"
