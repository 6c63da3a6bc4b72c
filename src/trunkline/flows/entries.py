"""What people enter, read by kind: by keys on a telephone, in words where they type."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from trunkline.core.phone import e164
from trunkline.flows.readout import base_of, number_in
from trunkline.flows.talk import Value

Form = Literal["digits", "number", "date", "text", "yes-no", "phone", "email", "card"]
MOST_TEXT = 500
_CARD = re.compile(r"[0-9]{12,19}")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}")
_YES = {"en": ("yes y ok sure 1", "no n 2"), "es": ("sí si s vale claro 1", "no n 2")}
_RELATIVE = {"today": 0, "tomorrow": 1, "hoy": 0, "mañana": 1}


@dataclass(frozen=True, slots=True)
class Entry:
    """What was entered: the value to keep, and how the path and the log show it."""

    value: Value
    shown: str


@dataclass(frozen=True, slots=True)
class Manner:
    """How something was entered. `region` is the country whose numbers and `language` the one whose words are meant."""

    spoken: bool
    language: str
    region: str
    today: date


def entered(form: str, text: str, manner: Manner) -> Entry | None:
    """Return what a person meant, None when it is nothing of that kind."""
    return _READERS[form](text.strip(), manner)


def _digits(text: str, _: Manner) -> Entry | None:
    digits = text.replace(" ", "").replace("-", "")
    return Entry(digits, digits) if digits.isascii() and digits.isdigit() else None


def _number(text: str, manner: Manner) -> Entry | None:
    """Read a number; on a telephone `*` is the point."""
    number = number_in(text.replace("*", ".") if manner.spoken else text)
    return Entry(number, str(number)) if number is not None else None


def _date(text: str, manner: Manner) -> Entry | None:
    """Read day, month and year (month first in en-US); a year or a month that is left out is the next to come."""
    if text.casefold() in _RELATIVE and not manner.spoken:
        day = (manner.today + timedelta(days=_RELATIVE[text.casefold()])).isoformat()
        return Entry(day, day)
    iso = re.fullmatch(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", text)
    plain = re.fullmatch(r"([0-9]{2})[/.\- ]?([0-9]{2})[/.\- ]?([0-9]{4})?", text) or re.fullmatch(
        r"([0-9]{1,2})[/.\- ]([0-9]{1,2})(?:[/.\- ]([0-9]{4}))?", text
    )
    try:
        if iso:
            found = date(int(iso[1]), int(iso[2]), int(iso[3]))
        elif plain:
            one, other = int(plain[1]), int(plain[2])
            month, day_ = (one, other) if manner.language == "en-US" else (other, one)
            found = date(int(plain[3] or manner.today.year), month, day_)
            if plain[3] is None and found < manner.today:
                found = found.replace(year=found.year + 1)
        else:
            return None
    except ValueError:
        return None
    return Entry(found.isoformat(), found.isoformat())


def _text(text: str, _: Manner) -> Entry | None:
    plain = "".join(character for character in text if character.isprintable() or character in "\n\t")
    return Entry(plain, plain) if plain and len(plain) <= MOST_TEXT else None


def _yes_no(text: str, manner: Manner) -> Entry | None:
    """Read yes or no: 1 or 2 on a telephone, the language's words, and the English ones everywhere."""
    word = text.casefold().rstrip(".!")
    for yes, no in (_YES.get(base_of(manner.language), _YES["en"]), _YES["en"]):
        if word in yes.split():
            return Entry(value=True, shown="yes")
        if word in no.split():
            return Entry(value=False, shown="no")
    return None


def _phone(text: str, manner: Manner) -> Entry | None:
    """Read a telephone number, national or international, into E.164."""
    number = e164(text, manner.region)
    return Entry(number, number) if number else None


def _email(text: str, _: Manner) -> Entry | None:
    return Entry(text, text) if _EMAIL.fullmatch(text) else None


def _card(text: str, _: Manner) -> Entry | None:
    """Read a card's number and forget all but its last four digits (Luhn's check: ISO/IEC 7812-1, annex B)."""
    digits = text.replace(" ", "").replace("-", "")
    if not _CARD.fullmatch(digits):
        return None
    doubled = [int(each) * (2 if at % 2 else 1) for at, each in enumerate(reversed(digits))]
    if sum(value - 9 if value > 9 else value for value in doubled) % 10:
        return None
    return Entry(f"•••• {digits[-4:]}", f"•••• {digits[-4:]}")


_READERS: Mapping[str, Callable[[str, Manner], Entry | None]] = {
    "digits": _digits,
    "number": _number,
    "date": _date,
    "text": _text,
    "yes-no": _yes_no,
    "phone": _phone,
    "email": _email,
    "card": _card,
}
