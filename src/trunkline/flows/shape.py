"""From a place in a file to a checked record; every departure from the shape becomes a problem at its own line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from trunkline.flows.problem import Guesser, Problem, Severity
from trunkline.flows.source import Node

M = TypeVar("M", bound=BaseModel)
_PLAIN = {
    "string_type": "must be text: put it in quotes",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "tuple_type": "must be a list",
    "model_type": "must be text, or keys and values",
    "model_attributes_type": "must be text, or keys and values",
    "dict_type": "must be keys and values",
    "too_short": "must not be empty",
    "date_from_datetime_parsing": "must be a date such as 2026-12-25",
    "date_parsing": "must be a date such as 2026-12-25",
}


def shaped(model: type[M], node: Node, file: str, subject: str = "") -> tuple[M | None, list[Problem]]:
    """Return the record a node holds, or None with all that is wrong; `subject` begins each message."""
    try:
        return model.model_validate(node.value), []
    except ValidationError as error:
        scribe = _Scribe(node, file, subject, Guesser(sorted(field_names(model))), getattr(model, "later", frozenset()))
        return None, sorted({scribe.problem(detail) for detail in _told_once(error.errors(include_url=False))})


def _told_once(details: Sequence[ErrorDetails]) -> Iterator[ErrorDetails]:
    """Leave out that a list is empty where it only seems so, since what is in it is wrong."""
    around = {detail["loc"][:length] for detail in details for length in range(len(detail["loc"]))}
    return (detail for detail in details if detail["type"] != "too_short" or detail["loc"] not in around)


@cache
def field_names(model: type[BaseModel]) -> frozenset[str]:
    """Return every key that a model or a model inside it knows."""
    schema = model.model_json_schema()
    parts: Sequence[Mapping[str, Any]] = [schema, *schema.get("$defs", {}).values()]
    return frozenset(key for part in parts for key in part.get("properties", {}))


@dataclass(frozen=True, slots=True)
class _Scribe:
    """Says pydantic's findings about one node in our words."""

    node: Node
    file: str
    subject: str
    known: Guesser
    later: frozenset[str]

    def problem(self, detail: ErrorDetails) -> Problem:
        """Return one finding as a problem at its place."""
        kind, loc = detail["type"], detail["loc"]
        if kind == "extra_forbidden":
            return self._unknown_key(loc)
        at, gone = self.node.reach(loc)
        if kind == "missing":
            inside = f"{_named(gone)} needs" if gone else "needs"
            return self._error(at, "missing", f'{inside} the key "{loc[-1]}"')
        named = f"{_named(gone)}: " if kind == "value_error" and gone else f"{_named(gone)} " if gone else ""
        return self._error(at, "value", f"{named}{_what(detail)}")

    def _unknown_key(self, loc: tuple[str | int, ...]) -> Problem:
        """Return the problem of a key that is none, or none yet."""
        parent, _ = self.node.reach(loc[:-1])
        key = str(loc[-1])
        at = parent.keys.get(key, parent)
        if key in self.later:
            return self._error(at, "not-yet", f'"{key}" is not built yet', "remove it for now")
        return self._error(at, "unknown-key", f'nobody knows the key "{key}"', self.known.hint(key))

    def _error(self, at: Node, code: str, message: str, hint: str = "") -> Problem:
        """Make an error."""
        return Problem(self.file, at.line, at.column, Severity.ERROR, code, f"{self.subject}{message}", hint)


def _named(loc: tuple[str | int, ...]) -> str:
    """Return a place as people say it: `choices 2 go`, counted from 1."""
    return " ".join(str(part + 1) if isinstance(part, int) else part for part in loc)


def _what(detail: ErrorDetails) -> str:
    """Return what is wrong with a value."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind in {"literal_error", "enum"}:
        return f"must be one of {context['expected']}".replace("'", '"')
    if kind == "greater_than_equal":
        return f"must be at least {context['ge']}"
    if kind == "less_than_equal":
        return f"must be at most {context['le']}"
    return _PLAIN.get(kind, detail["msg"][:1].lower() + detail["msg"][1:])
