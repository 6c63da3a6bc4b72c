"""Phone numbers: E.164 inside, national on the screen, whatever notation comes in."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

import phonenumbers

from trunkline.core.interaction import Address

_WITHHELD = frozenset({"", "anonymous", "unavailable", "restricted", "withheld", "unknown", "private"})


_IN_E164 = re.compile(r"\+([1-9][0-9]{6,14})")
_LONGEST_CODE = 3


def e164(text: str, region: str) -> str | None:
    """Return the number in E.164, or None for what is no dialable number in this region (ISO 3166 code)."""
    international = _IN_E164.fullmatch(text)
    if international is not None and _is_plain(international[1]):
        return text
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is needed of a country's numbering plan to see that a number is one as it stands."""

    lengths: frozenset[int]
    prefix: re.Pattern[str] | None
    """What may stand before a national number when it is dialled at home, and would be taken off."""


@cache
def _plan(code: int) -> _Plan:
    region = phonenumbers.region_code_for_country_code(code)
    metadata = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    if metadata is None or metadata.general_desc is None:
        return _Plan(frozenset(), None)
    prefix = metadata.national_prefix_for_parsing
    return _Plan(frozenset(metadata.general_desc.possible_length), re.compile(prefix) if prefix else None)


def _is_plain(digits: str) -> bool:
    """Whether the library would return an international number as it stands.

    Trunks send them so with every call, and the library's own look at one costs more than all else of an arrival. Where
    this says no, the library decides.
    """
    for length in range(1, _LONGEST_CODE + 1):
        if (code := int(digits[:length])) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            plan, national = _plan(code), digits[length:]
            dialled_at_home = national.startswith("0") or (plan.prefix is not None and plan.prefix.match(national))
            return len(national) in plan.lengths and not dialled_at_home
    return False


def example_number(region: str) -> str:
    """Return a number as people of the region press its keys, for trying things out; a British one for no region."""
    number = phonenumbers.example_number(region)
    if number is None:
        return "07700900123"
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    return phonenumbers.normalize_digits_only(written)


def address_of(caller: str, region: str) -> Address:
    """Return a caller's address; one who keeps the number back has an empty one."""
    text = caller.strip()
    if text.lower() in _WITHHELD:
        return Address("")
    return Address(text, e164(text, region))


@lru_cache(maxsize=4096)
def national(address: Address, region: str) -> str:
    """Return the number as people of the region write it; a foreign one in its international form."""
    if address.e164 is None:
        return address.raw
    number = phonenumbers.parse(address.e164, region)
    home = phonenumbers.country_code_for_region(region) == number.country_code
    form = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, form)
