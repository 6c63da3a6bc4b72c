"""What an expression is worth here and now. Total: it ends soon, and all that can go wrong is a ValueFault."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import assert_never

from trunkline.flows.expression import Binary, Call, Either, Expression, Literal, Name, Unary
from trunkline.flows.functions import FUNCTIONS, LARGEST, ValueFault, number_of, shown
from trunkline.flows.talk import Facts, Value

MOST_TEXT = 2000
BUILT_IN = ("caller", "customer", "dialled", "language", "medium", "now", "tags")
"""Names that are known without any step; no step may save under them."""
__all__ = ["BUILT_IN", "Known", "ValueFault", "decided", "evaluate", "filled_in", "truth"]


@dataclass(frozen=True, slots=True)
class Known:
    """All that an expression can read. `now` is aware."""

    values: Mapping[str, Value]
    facts: Facts
    language: str
    tags: Sequence[str]
    now: datetime

    def value(self, path: Sequence[str]) -> Value:
        """Return the value of a name; None where there is none, however far the dots lead."""
        found: Value = self._root(path[0])
        for part in path[1:]:
            found = found.get(part) if isinstance(found, Mapping) else None
        return found

    def _root(self, name: str) -> Value:  # noqa: PLR0911 - one for each name
        """Return what a name without dots stands for."""
        if name in self.values:
            return self.values[name]
        match name:
            case "customer":
                return self.facts.customer
            case "caller":
                return self.facts.caller
            case "dialled":
                return self.facts.dialled
            case "medium":
                return self.facts.medium
            case "language":
                return self.language
            case "tags":
                return list(self.tags)
            case "now":
                return _clock(self.now.astimezone(zone_of(self.facts)))
            case _:
                return None


def zone_of(facts: Facts) -> tzinfo | None:
    """Return the time zone of the centre's first calendar; None is the machine's."""
    return facts.centre.zone


def today_of(known: Known) -> date:
    """Return the day it is in the centre."""
    return known.now.astimezone(zone_of(known.facts)).date()


def _clock(now: datetime) -> Mapping[str, Value]:
    """Return the parts of a moment."""
    return {
        "date": now.date().isoformat(),
        "time": f"{now:%H:%M}",
        "hour": now.hour,
        "minute": now.minute,
        "day": now.day,
        "month": now.month,
        "year": now.year,
        "weekday": ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[now.weekday()],
    }


def truth(value: Value) -> bool:
    """Say whether a value counts as true: nothing, zero, empty and false do not."""
    return bool(value)


def evaluate(expression: Expression, known: Known) -> Value:  # noqa: C901, PLR0911 - one case for each record
    """Return the value of an expression; raises ValueFault and nothing else."""
    match expression:
        case Literal(_, value):
            return value
        case Name(_, path):
            return known.value(path)
        case Unary(_, "not", of):
            return not truth(evaluate(of, known))
        case Unary(_, _, of):
            return -number_of(evaluate(of, known))
        case Either(_, test, then, otherwise):
            return evaluate(then if truth(evaluate(test, known)) else otherwise, known)
        case Binary(_, "and", left, right):
            return truth(evaluate(left, known)) and truth(evaluate(right, known))
        case Binary(_, "or", left, right):
            return truth(evaluate(left, known)) or truth(evaluate(right, known))
        case Binary(_, sign, left, right):
            return _combined(sign, evaluate(left, known), evaluate(right, known))
        case Call(_, "default", (first, second)):
            return _first_of(first, second, known)
        case Call(_, name, values):
            return _bounded(FUNCTIONS[name](known, [evaluate(value, known) for value in values]))
        case _:  # pragma: no cover
            assert_never(expression)


def _first_of(first: Expression, second: Expression, known: Known) -> Value:
    """Return the first value, the second when there is none."""
    try:
        found = evaluate(first, known)
    except ValueFault:
        found = None
    return evaluate(second, known) if found is None or found == "" else found


def _combined(sign: str, left: Value, right: Value) -> Value:
    """Return what a sign makes of two values."""
    match sign:
        case "==":
            return _same(left, right)
        case "!=":
            return not _same(left, right)
        case "in":
            return FUNCTIONS["contains"](None, [right, left])
        case "<" | "<=" | ">" | ">=":
            return _ordered(sign, left, right)
        case "+" if isinstance(left, str) and isinstance(right, str):
            return _bounded(left + right)
        case _:
            return _bounded(_reckoned(sign, number_of(left), number_of(right)))


def _same(left: Value, right: Value) -> bool:
    """Say whether two values are the same; true is not 1."""
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _ordered(sign: str, left: Value, right: Value) -> bool:
    """Compare two numbers, or two texts."""
    if isinstance(left, str) and isinstance(right, str):
        less, more = left < right, left > right
    else:
        one, other = number_of(left), number_of(right)
        less, more = one < other, one > other
    return {"<": less, "<=": not more, ">": more, ">=": not less}[sign]


def _reckoned(sign: str, left: float, right: float) -> int | float:
    """Return a sum, a difference, a product, a quotient or a rest."""
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
    if right == 0:
        raise ValueFault("nothing can be divided by zero")
    return left / right if sign == "/" else left % right


def _bounded(value: Value) -> Value:
    """Return a value that is not too large to go on with."""
    if isinstance(value, str) and len(value) > MOST_TEXT:
        raise ValueFault(f"a text grew longer than {MOST_TEXT} characters")
    if isinstance(value, int | float) and abs(value) > LARGEST:
        raise ValueFault("a number grew too large")
    return value


def filled_in(expression: Expression, known: Known) -> str:
    """Return a value as a text shows it on the interaction's medium; raises ValueFault, also for what is not known."""
    value = evaluate(expression, known)
    if value is None:
        what = ".".join(expression.path) if isinstance(expression, Name) else "a value"
        raise ValueFault(f"{what} is not known")
    return shown(value, known.language, known.facts.medium)


def decided(expression: Expression, medium: str) -> bool | None:
    """Say what an expression comes to on a medium whatever else is known; None when that depends on more."""
    match expression:
        case Literal(_, value):
            return truth(value)
        case Unary(_, "not", of):
            inside = decided(of, medium)
            return None if inside is None else not inside
        case Binary(_, ("==" | "!=") as sign, Name(_, ("medium",)), Literal(_, value)):
            return (medium == value) == (sign == "==")
        case Binary(_, ("and" | "or") as sign, left, right):
            one, other = decided(left, medium), decided(right, medium)
            settled = sign == "or"
            if settled in (one, other):
                return settled
            return None if one is None or other is None else not settled
        case _:
            return None
