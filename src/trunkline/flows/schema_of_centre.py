"""The shape of the centre file as forms need it: for each section its fields, what may stand in them, and the defaults.

Read off the record that checks the file, so that a key that is new there has its field at once.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from trunkline.flows.centre_shape import CentreShape
from trunkline.flows.document import written

Json = dict[str, Any]
_ISO_LENGTH = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


def sections(record: type[BaseModel] = CentreShape) -> list[Json]:
    """Return the keys of the file in their order; `record` is what checks it.

    `shape` is `map` (entries by key), `list` (entries with a code), or `field` for a plain one of the centre itself.
    """
    schema = record.model_json_schema()
    reader = _Reader(schema)
    return [reader.section(name, part) for name, part in schema["properties"].items()]


class _Reader:
    """Reads one JSON schema, as pydantic writes them."""

    def __init__(self, schema: Json) -> None:
        self._parts = schema.get("$defs", {})
        self._required = frozenset(schema.get("required", ()))
        self._named = [name for name, each in schema["properties"].items() if self._is_named(self._plain(each))]
        self._sections = {
            name: each for name, each in schema["properties"].items() if self._is_entries(self._plain(each))
        }

    def section(self, name: str, part: Json) -> Json:
        """Return one key of the file."""
        plain = self._plain(part)
        if name not in self._sections:
            field = self.field(name, part, required=name in self._required)
            # What others name does not name itself.
            return {"shape": "field", **field, **({"of": None} if field.get("of") == name else {})}
        entry = self._plain(plain.get("additionalProperties") or plain["items"])
        return {
            "shape": "map" if plain["type"] == "object" else "list",
            "name": name,
            "required": name in self._required,
            "fields": self._fields(entry),
        }

    def field(self, name: str, part: Json, *, required: bool) -> Json:
        """Return one field: its kind, what it may hold, and what holds where it is left out."""
        plain = self._plain(part)
        default = part.get("default", plain.get("default"))
        return {
            "name": name,
            "required": required,
            "default": _length(default) if plain.get("format") == "duration" else default,
            **self._kind(name, plain),
        }

    def _kind(self, name: str, plain: Json) -> Json:  # noqa: C901 - one case for each kind
        of = self._names_of(name)
        kind: Json = {"kind": "other"}
        match plain:
            case {"format": "words" | "words-on-a-line" as lines}:
                kind = {"kind": "words", "lines": lines == "words"}
            case {"enum": choices}:
                kind = {"kind": "choice", "choices": choices}
            case {"const": only}:
                kind = {"kind": "choice", "choices": [only]}
            case {"type": "string", "format": "duration"}:
                kind = {"kind": "duration"}
            case {"type": "string"}:
                kind = {"kind": "name", "of": of} if of else {"kind": "text"}
            case {"type": "boolean"}:
                kind = {"kind": "flag"}
            case {"type": "integer" | "number" as number}:
                low, high = plain.get("minimum"), plain.get("maximum")
                kind = {"kind": "number", "whole": number == "integer", "least": low, "most": high}
            case {"type": "array"}:
                kind = self._list(self._plain(plain.get("items") or {}), of)
            case {"type": "object", "properties": dict()}:
                kind = {"kind": "group", "fields": self._fields(plain)}
            case {"type": "object", "additionalProperties": dict() as inner}:
                kind = {"kind": "map", "of": of, "value": self.field("", inner, required=True)}
        return kind

    def _list(self, item: Json, of: str | None) -> Json:
        if of:
            return {"kind": "names", "of": of}
        if item.get("type") == "object":
            return {"kind": "rows", "fields": self._fields(item)} if "properties" in item else {"kind": "other"}
        if "enum" in item:
            return {"kind": "choices", "choices": item["enum"]}
        return {"kind": "lines"} if item.get("type", "string") == "string" else {"kind": "other"}

    def _fields(self, part: Json) -> list[Json]:
        required = frozenset(part.get("required", ()))
        return [self.field(name, each, required=name in required) for name, each in part.get("properties", {}).items()]

    def _plain(self, part: Json) -> Json:
        """Return what a reference leads to; of an optional value, the value."""
        while True:
            if "$ref" in part:
                part = self._parts[part["$ref"].rpartition("/")[2]]
            elif len(other := [each for each in part.get("anyOf", ()) if each.get("type") != "null"]) == 1:
                part = other[0]
            else:
                return part

    def _is_entries(self, plain: Mapping[str, Any]) -> bool:
        """Whether a key of the file holds entries that are records of their own."""
        inner = plain.get("additionalProperties") or plain.get("items")
        return isinstance(inner, dict) and "properties" in self._plain(inner)

    def _is_named(self, plain: Mapping[str, Any]) -> bool:
        """Whether other fields can name what a key of the file holds."""
        return "additionalProperties" in plain and "properties" not in plain

    def _names_of(self, name: str) -> str | None:
        """Return the section whose entries a field names: `queues`, `queue` and `fallback_queue` name queues."""
        last = name.rpartition("_")[2]
        return next((each for each in self._named if last and each in {last, f"{last}s"}), None)


def _length(iso: Any) -> Any:
    """Return `PT1M30S` as a centre file has it: `90s`."""
    match = _ISO_LENGTH.fullmatch(iso) if isinstance(iso, str) else None
    if match is None:
        return iso
    days, hours, minutes, seconds = (int(each or 0) for each in match.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return written(timedelta(seconds=total))
