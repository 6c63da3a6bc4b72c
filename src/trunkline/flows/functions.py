"""The functions that expressions may call, each from values to a value; pure, quick and bounded."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Protocol

from trunkline.core.errors import Rejected
from trunkline.flows import readout
from trunkline.flows.talk import Facts, Value

LARGEST = 10**15


class ValueFault(Rejected):
    """A value cannot be used as the flow wants it; the flow goes on without it."""


class Context(Protocol):
    """What a function may know besides its values."""

    @property
    def language(self) -> str:
        """The language that the run speaks."""

    @property
    def facts(self) -> Facts:
        """What is known of the interaction."""


def number_of(value: Value) -> int | float:
    """Return a number; raises ValueFault for all else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueFault(f"{_told(value)} is not a number")
    if not abs(value) <= LARGEST:
        raise ValueFault("a number is too large")
    return value


def text_of(value: Value) -> str:
    """Return a value as plain text; raises ValueFault for lists and mappings."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return readout.plain_number(number_of(value))
    raise ValueFault(f"{_told(value)} is not a text")


def shown(value: Value, language: str, medium: str) -> str:
    """Return a value as a text of the flow shows it, or as it is spoken on voice."""
    if isinstance(value, bool):
        return readout.yes_or_no(language, value=value)
    if isinstance(value, int | float):
        number = number_of(value)
        return readout.number(number, language) if medium == "voice" else readout.written_number(number, language)
    return text_of(value)


def _told(value: Value) -> str:
    """Return a value as a fault tells it: its kind only, for it may be personal."""
    if value is None:
        return "what is not known"
    kinds: Sequence[tuple[Any, str]] = ((bool, "true or false"), (str, "a text"), (Mapping, "a group of values"))
    return next((called for kind, called in kinds if isinstance(value, kind)), "a list")


def _number(_: Context, values: Sequence[Value]) -> Value:
    """Read a number that came as text."""
    value = values[0]
    if not isinstance(value, str):
        return number_of(value)
    number = readout.number_in(value)
    if number is None:
        raise ValueFault("a text is not a number")
    return number_of(number)


def _round(_: Context, values: Sequence[Value]) -> Value:
    """Round to whole numbers, or to some decimals, halves upwards from zero."""
    decimals = number_of(values[1]) if len(values) > 1 else 0
    if decimals not in range(7):
        raise ValueFault("round takes 0 to 6 decimals")
    factor = 10 ** int(decimals)
    number = number_of(values[0])
    rounded = int(abs(number) * factor + 0.5) * (1 if number >= 0 else -1)
    return rounded / factor if decimals else rounded


def _contains(_: Context | None, values: Sequence[Value]) -> Value:
    """Say whether a list has a value, or a text a part."""
    inside, value = values
    if isinstance(inside, str):
        return text_of(value) in inside
    if isinstance(inside, Mapping):
        return isinstance(value, str) and value in inside
    return isinstance(inside, Sequence) and value in inside


def _length(_: Context, values: Sequence[Value]) -> Value:
    """Count characters or parts."""
    return len(values[0]) if isinstance(values[0], Sequence | Mapping) else len(text_of(values[0]))


def _date(known: Context, values: Sequence[Value]) -> Value:
    """Say or write a date, from 2026-11-23 or a moment that begins so."""
    try:
        day = date.fromisoformat(text_of(values[0])[:10])
    except ValueError:
        raise ValueFault("a value is not a date such as 2026-11-23") from None
    return readout.date_words(day, known.language, spoken=known.facts.medium == "voice")


def _time(known: Context, values: Sequence[Value]) -> Value:
    """Say or write a time of day, from 14:30 or a moment that ends so."""
    text = text_of(values[0])
    try:
        moment = datetime.fromisoformat(text).time() if "T" in text else time.fromisoformat(text)
    except ValueError:
        raise ValueFault("a value is not a time such as 14:30") from None
    return readout.time_words(moment, known.language, spoken=known.facts.medium == "voice")


def _money(known: Context, values: Sequence[Value]) -> Value:
    """Say or write an amount of a currency."""
    amount, currency = number_of(_number(known, values)), text_of(values[1])
    if currency not in readout.CURRENCIES:
        raise ValueFault(f"money knows {', '.join(readout.CURRENCIES)} only")
    return readout.money(amount, currency, known.language, spoken=known.facts.medium == "voice")


def _digits(known: Context, values: Sequence[Value]) -> Value:
    """Say digits one by one; where they are read, leave them."""
    text = text_of(values[0])
    return readout.digits(text, known.language) if known.facts.medium == "voice" else text


def _spell(known: Context, values: Sequence[Value]) -> Value:
    """Say characters one by one; where they are read, leave them."""
    text = text_of(values[0])
    return readout.spelt(text, known.language) if known.facts.medium == "voice" else text


FUNCTIONS: Mapping[str, Callable[[Any, Sequence[Value]], Value]] = {
    "contains": _contains,
    "date": _date,
    "digits": _digits,
    "length": _length,
    "lower": lambda _, values: text_of(values[0]).lower(),
    "max": lambda _, values: max(map(number_of, values)),
    "min": lambda _, values: min(map(number_of, values)),
    "money": _money,
    "number": _number,
    "round": _round,
    "spell": _spell,
    "starts": lambda _, values: text_of(values[0]).startswith(text_of(values[1])),
    "text": lambda _, values: text_of(values[0]),
    "time": _time,
    "trim": lambda _, values: " ".join(text_of(values[0]).split()),
    "upper": lambda _, values: text_of(values[0]).upper(),
}
"""Every function but `default`, which must not mind that its first value cannot be had."""
