"""The centre as its admins see it on their page: what it holds, what a change would do, and who changed what."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from trunkline.core.centre_version import CentreVersion, ChangedMeanwhile, Signed, Source
from trunkline.core.difference import identity
from trunkline.core.errors import Rejected
from trunkline.core.ids import AgentId
from trunkline.floor.administration import Administration, name_of
from trunkline.floor.state import NoSuch
from trunkline.flows.document import Place, loose_values, places_of
from trunkline.flows.edit import Edit, Order, Put, Remove, edited
from trunkline.flows.plan import Change, Plan, changes_of_texts
from trunkline.flows.plan_view import change_json, plan_json, version_json
from trunkline.flows.problem import Problem
from trunkline.flows.schema_of_centre import sections

Json = dict[str, Any]

MOST_EDITS = 200
LONGEST_MESSAGE = 500
PAGE = 20
"""So many versions are told of at once."""
_KEPT_CHANGES = 500


class BadDraft(Rejected):
    """What was sent is no change to the centre."""


class CentreBoard:
    """What the page asks. A draft is `edits` upon the text in force, a whole `text`, or `back_to` an older version."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration
        self._changes: OrderedDict[int, tuple[Change, ...]] = OrderedDict()
        self._sections = sections()

    def whole(self) -> Json:
        """Return what is in force: the version, the values as they are written, and the shape they must have."""
        in_force = self._administration.in_force
        return {
            "version": _signed(in_force),
            "sections": self._sections,
            "values": loose_values(in_force.text),
            "fault": self._administration.archive.fault,
        }

    async def planned(self, draft: Any) -> Json:
        """Return what a draft would change; raises BadDraft, CannotEdit, ChangedMeanwhile."""
        plan = await self._plan(draft)
        return plan_json(plan) | {"problems": await asyncio.to_thread(placed, plan.problems, plan.text)}

    async def applied(self, agent: AgentId, draft: Any) -> Json:
        """Put a draft in force in an agent's name; raises HasProblems, and what `planned` raises."""
        message = draft.get("message", "") if isinstance(draft, dict) else ""
        if not isinstance(message, str) or len(message) > LONGEST_MESSAGE:
            raise BadDraft(f"a message is text of at most {LONGEST_MESSAGE} characters")
        base, text = await self._text(draft)
        version = await self._administration.apply(text, Signed(agent, Source.PAGE, message.strip()), base=base)
        return {"version": _signed(version)}

    async def history(self, below: int | None) -> Json:
        """Return the versions below a number (None: the latest), each with what it changed."""
        found = await self._administration.archive.store.centre_history(below=below, at_most=PAGE + 1)
        told = [
            version_json(version, await self._changed(before, version))
            for version, before in zip(found, [*found[1:], None], strict=True)
        ]
        return {"versions": told[:PAGE], "more": len(found) > PAGE}

    async def version(self, number: int) -> Json:
        """Return one version with its text; raises NoSuch."""
        version = await self._administration.version(number)
        return _signed(version) | {"text": version.text}

    async def since(self, base: int) -> Json:
        """Return what is in force, and how it is other than a version that somebody still goes by."""
        in_force = self._administration.in_force
        before = await self._administration.archive.store.centre_version(base)
        changes = await asyncio.to_thread(changes_of_texts, before.text if before else "", in_force.text)
        return {"in_force": _signed(in_force), "changes": [change_json(each) for each in changes]}

    async def _plan(self, draft: Any) -> Plan:
        base, text = await self._text(draft)
        plan = await self._administration.plan(text)
        if plan.base != base:
            raise ChangedMeanwhile(base, self._administration.in_force)
        return plan

    async def _text(self, draft: Any) -> tuple[int, str]:
        """Return the version that a draft is made upon, and the text that it comes to."""
        base, sort, given = _read(draft)
        await self._administration.follow()
        in_force = self._administration.in_force
        if base != in_force.number:
            raise ChangedMeanwhile(base, in_force)
        if sort == "text":
            return base, str(given)
        if sort == "back_to":
            return base, (await self._administration.version(given)).text
        return base, await asyncio.to_thread(edited, in_force.text, given)

    async def _changed(self, before: CentreVersion | None, version: CentreVersion) -> tuple[Change, ...]:
        if before is None:
            return ()
        if version.number not in self._changes:
            self._changes[version.number] = await asyncio.to_thread(changes_of_texts, before.text, version.text)
            while len(self._changes) > _KEPT_CHANGES:
                self._changes.popitem(last=False)
        return self._changes[version.number]


def placed(problems: tuple[Problem, ...], text: str) -> list[Json]:
    """Return problems with the way to the field that each is about, as far as it can be told from its place."""
    places, values = (places_of(text), loose_values(text)) if problems else ({}, {})
    return [
        {
            "line": each.line, "column": each.column, "code": each.code, "message": each.message, "hint": each.hint,
            "path": _way(values, places.get((each.line, each.column), ())),
        }
        for each in problems
    ]  # fmt: skip


def _way(values: Any, place: Place) -> list[str]:
    """Return a place by names: an item of a list by its code, where it has one."""
    way: list[str] = []
    for key in place:
        name = identity(values) if isinstance(values, list) else None
        inside = dict(enumerate(values) if isinstance(values, list) else values).get(key)
        way.append(str(inside[name]) if name is not None and isinstance(inside, Mapping) else str(key))
        values = inside
    return way


def _signed(version: CentreVersion) -> Json:
    return {
        "number": version.number,
        "at": version.at.isoformat(),
        "by": version.by,
        "source": version.source.value,
        "message": version.message,
        "name": name_of(version),
    }


def _read(draft: Any) -> tuple[int, str, Any]:
    """Return a draft's base, its sort, and what it holds; raises BadDraft."""
    if not isinstance(draft, dict):
        raise BadDraft("a draft is an object")
    base = draft.get("base")
    if not isinstance(base, int) or isinstance(base, bool):
        raise BadDraft("base: say which version this is planned against")
    sorts = [sort for sort in ("edits", "text", "back_to") if sort in draft]
    if len(sorts) != 1:
        raise BadDraft("a draft has either edits, a text, or back_to")
    [sort] = sorts
    given = draft[sort]
    try:
        json.dumps(given, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        raise BadDraft("there are signs or numbers in it that no text can hold") from None
    if sort == "edits":
        if not isinstance(given, list) or len(given) > MOST_EDITS:
            raise BadDraft(f"edits: a list of at most {MOST_EDITS}")
        return base, sort, [_edit(each) for each in given]
    if sort == "text" and not isinstance(given, str):
        raise BadDraft("text: a text")
    if sort == "back_to" and (not isinstance(given, int) or isinstance(given, bool) or not 0 < given < 2**31):
        raise NoSuch("there is no such version")
    return base, sort, given


def _edit(given: Any) -> Edit:
    """Return one edit: `{path, value}`, `{path, remove: true}` or `{path, order: [key, …]}`."""
    way = _keys(given.get("path")) if isinstance(given, dict) else None
    match given:
        case {"order": order} if way is not None and (keys := _keys(order)) is not None:
            return Order(way, keys)
        case {"remove": True} if way:
            return Remove(way)
        case {"value": value} if way:
            return Put(way, value)
    raise BadDraft("an edit has a path of keys, and a value, or remove, or an order")


def _keys(given: Any) -> tuple[str, ...] | None:
    whole = isinstance(given, list) and all(isinstance(each, str) for each in given)
    return tuple(given) if whole else None
