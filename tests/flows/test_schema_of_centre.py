"""The shape of the centre file for forms: each key has a field of a kind that forms know, also a later one."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from trunkline.flows.centre_shape import CentreShape
from trunkline.flows.fields import Duration
from trunkline.flows.schema_of_centre import sections


class _Sort(StrEnum):
    NEAR = "near"
    FAR = "far"


class _Level(BaseModel):
    skill: str
    level: Annotated[int, Field(ge=1, le=10)] = 5


class _Skill(BaseModel):
    title: str


class _Entry(BaseModel):
    sort: _Sort = _Sort.NEAR
    only: Literal["this"] = "this"
    strategy: Literal["longest-idle", "random"] = "random"
    open_to_all: bool = True
    share: float | None = None
    rest: Duration | None = timedelta(minutes=5)
    longest: Duration = timedelta(hours=24)
    skills: dict[str, int] = {}
    media: list[_Sort] = []
    levels: list[_Level] = []
    limits: _Level | None = None
    tags: tuple[str, ...] = ()
    pairs: list[dict[str, int]] = []
    counts: list[int] = []
    anything: Any = None
    place: str = "here"


class _Later(BaseModel):
    skills: dict[str, _Skill] = {}
    entries: dict[str, _Entry] = {}
    steps: list[_Level] = []
    places: dict[str, str] = {}
    loose: dict[str, int] = {}


def fields(record: type[BaseModel], section: str) -> dict[str, dict[str, Any]]:
    [found] = [each for each in sections(record) if each["name"] == section]
    return {field["name"]: field for field in found["fields"]}


def test_keys_of_the_file_have_their_sections_in_order() -> None:
    shapes = {each["name"]: each for each in sections()}

    assert list(shapes) == list(CentreShape.model_fields)
    assert (shapes["queues"]["shape"], shapes["reasons"]["shape"], shapes["name"]["shape"]) == ("map", "list", "field")
    assert (shapes["fallback_queue"]["kind"], shapes["fallback_queue"]["of"]) == ("name", "queues")


def test_no_key_of_the_file_is_without_a_control() -> None:
    found = [field for section in sections() for field in section.get("fields", [section])]

    assert [field["name"] for field in found if field["kind"] == "other"] == []


def test_kinds_of_keys_that_come_later_are_known() -> None:
    kinds = {name: field["kind"] for name, field in fields(_Later, "entries").items()}

    assert kinds == {
        "sort": "choice", "only": "choice", "strategy": "choice", "open_to_all": "flag", "share": "number",
        "rest": "duration", "longest": "duration", "skills": "map", "media": "choices", "levels": "rows",
        "limits": "group", "tags": "lines", "pairs": "other", "counts": "other", "anything": "other", "place": "name",
    }  # fmt: skip


def test_fields_tell_what_they_may_hold_and_what_holds_without_them() -> None:
    known = fields(_Later, "entries")

    assert known["sort"]["choices"] == ["near", "far"]
    assert known["only"]["choices"] == ["this"]
    assert (known["rest"]["default"], known["longest"]["default"]) == ("5m", "24h")
    assert (known["skills"]["of"], known["skills"]["value"]["kind"]) == ("skills", "number")
    assert known["levels"]["fields"][1] == {
        "name": "level", "required": False, "default": 5, "kind": "number", "whole": True, "least": 1, "most": 10,
    }  # fmt: skip
    assert known["limits"]["fields"][0]["of"] == "skills"
    assert known["share"]["whole"] is False
    loose = next(each for each in sections(_Later) if each["name"] == "loose")
    assert (loose["shape"], loose["kind"], loose["of"]) == ("field", "map", None)
    assert known["place"]["of"] == "places"
