"""Phone numbers: E.164 inside, national on the screen, whatever notation comes in."""

import phonenumbers

from trunkline.core.interaction import Address

_WITHHELD = frozenset({"", "anonymous", "unavailable", "restricted", "withheld", "unknown", "private"})


def e164(text: str, region: str) -> str | None:
    """Return the number in E.164, or None for what is no dialable number in this region (ISO 3166 code)."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def address_of(caller: str, region: str) -> Address:
    """Return a caller's address; one who keeps the number back has an empty one."""
    text = caller.strip()
    if text.lower() in _WITHHELD:
        return Address("")
    return Address(text, e164(text, region))


def national(address: Address, region: str) -> str:
    """Return the number as people of the region write it; a foreign one in its international form."""
    if address.e164 is None:
        return address.raw
    number = phonenumbers.parse(address.e164, region)
    home = phonenumbers.country_code_for_region(region) == number.country_code
    form = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, form)
