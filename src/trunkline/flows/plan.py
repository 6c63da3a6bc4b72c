"""What another centre would change, in words that an admin reads, and what would come of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trunkline.core.agent import Agent, Presence
from trunkline.core.centre import Centre, Role
from trunkline.core.difference import Difference, Kind, differences, identity
from trunkline.core.ids import AgentId, QueueId
from trunkline.core.interaction import Interaction, Stage
from trunkline.flows.check import check_drafts
from trunkline.flows.document import document_of, loose_values
from trunkline.flows.follow_ups import lost
from trunkline.flows.loader import Draft
from trunkline.flows.problem import Problem, Severity

_SIGNS = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.CHANGED: "~", Kind.MOVED: "~"}
_ONE_OF = {"hours": "calendar", "queues": "queue", "agents": "agent"}
_LONG_LIST = 6
_LONG_TEXT = 70
_IN_HAND = frozenset({Stage.OFFERED, Stage.TALKING, Stage.WRAP_UP})


@dataclass(frozen=True, slots=True)
class Change:
    """All that changes of one thing: the entry `key` of a `section` of the file, or (None) the section itself."""

    section: str
    key: str | None
    kind: Kind
    found: tuple[Difference, ...]
    words: str
    """What happens, as one line without its sign."""

    def __str__(self) -> str:
        """Return `~ queue sales: ring_for 20s -> 30s`."""
        return f"{_SIGNS[self.kind]} {self.words}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What applying a text would do to version `base`. With problems it cannot be applied."""

    base: int
    text: str
    changes: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    rewritten: bool = False
    """Whether the text is another, be it by comments and layout alone."""


def changes_between(old: Mapping[str, Any], new: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what is different, one change for each thing; `given` is the new one without the defaults."""
    grouped: dict[tuple[str, str | None], list[Difference]] = {}
    for each in (part for found in differences(old, new) for part in _by_entries(found)):
        section = each.path[0] if each.path else ""
        grouped.setdefault((section, each.path[1] if len(each.path) > 1 else None), []).append(each)
    return tuple(_change(section, key, found, given) for (section, key), found in grouped.items())


def changes_of_texts(old: str, new: str) -> tuple[Change, ...]:
    """Return what is different between two texts; where one is no centre by today's rules, between what is written."""
    before, after = (document_of(each.encode(), "")[0] for each in (old, new))
    if before is not None and after is not None:
        return changes_between(before.values, after.values, after.given)
    written = loose_values(new)
    return changes_between(loose_values(old), written, written)


def consequences(
    old: Centre,
    new: Centre,
    *,
    interactions: Iterable[Interaction],
    agents: Iterable[Agent],
    drafts: Sequence[Draft] = (),
) -> tuple[str, ...]:
    """Return what an admin ought to know before another centre is in force: whom it touches, what it breaks."""
    live = list(interactions)
    return (
        *_of_agents(old, new, live, agents),
        *_of_queues(old, new, live),
        *(f"{each}: nothing follows" for each in _newly_lost(drafts, old, new)),
        *(f"{Path(problem.file).name}:{problem.line}: {_said(problem)}" for problem in _newly_wrong(drafts, old, new)),
    )


def _of_agents(old: Centre, new: Centre, live: Sequence[Interaction], agents: Iterable[Agent]) -> Iterable[str]:
    busy = {each.offer.agent for each in live if each.offer is not None and each.stage in _IN_HAND}
    logged_in = {agent.id for agent in agents if agent.presence is not Presence.OFFLINE}
    for id_ in sorted(old.agents.keys() - new.agents.keys()):
        if id_ in busy:
            yield f"agent {id_} leaves with something in hand: they can finish it, and are logged out"
        elif id_ in logged_in:
            yield f"agent {id_} is logged in, and is logged out"
    if _admins(old) and not _admins(new):
        yield "nobody would be an admin: this page would open for nobody, and only `trunkline config` is left"


def _of_queues(old: Centre, new: Centre, live: Sequence[Interaction]) -> Iterable[str]:
    waiting: dict[QueueId, int] = {}
    for each in live:
        if each.entry is not None and each.stage is Stage.WAITING:
            waiting[each.entry.queue] = waiting.get(each.entry.queue, 0) + 1
    for queue in sorted(old.queues.keys() - new.queues.keys()):
        if many := waiting.get(queue):
            who = "1 waits in it, who keeps" if many == 1 else f"{many} wait in it, who keep"
            yield f"queue {queue} leaves: {who} the place, but no agent serves it any more"
    for queue in new.queues:
        if not _served(new, queue) and (queue not in old.queues or _served(old, queue)):
            yield f"queue {queue} has no agents: whoever waits there is offered to nobody"
    if old.queue_of_fallback != new.queue_of_fallback:
        yield f"messages left while nobody served go to queue {new.queue_of_fallback}, not {old.queue_of_fallback}"


def _newly_wrong(drafts: Sequence[Draft], old: Centre, new: Centre) -> Iterable[Problem]:
    """Return the mistakes that flows would have in the new centre and have not in the old one."""
    before = set(check_drafts(drafts, old)) if drafts else set()
    return (each for each in check_drafts(drafts, new) if each not in before and each.severity is Severity.ERROR)


def _newly_lost(drafts: Sequence[Draft], old: Centre, new: Centre) -> Iterable[str]:
    """Return the follow-ups that cannot begin in the new centre, as far as the old one had them not."""
    before = {str(each) for each in lost(old, drafts)}
    return (str(each) for each in lost(new, drafts) if str(each) not in before)


def _said(problem: Problem) -> str:
    return f"{problem.message}: callers who get there hear an apology, and their call ends"


def _admins(centre: Centre) -> list[AgentId]:
    return [id_ for id_, agent in centre.agents.items() if agent.role is Role.ADMIN]


def _served(centre: Centre, queue: QueueId) -> bool:
    return any(queue in agent.queues for agent in centre.agents.values())


def _by_entries(each: Difference) -> Iterable[Difference]:
    """Return a section that came or went whole as its entries."""
    whole = each.after if each.kind is Kind.ADDED else each.before
    name = identity(whole) if isinstance(whole, list) else None
    entries = whole if isinstance(whole, Mapping) else {item[name]: item for item in whole} if name is not None else {}
    if len(each.path) != 1 or each.kind not in {Kind.ADDED, Kind.REMOVED} or not entries:
        return [each]
    added = each.kind is Kind.ADDED
    return [
        Difference((*each.path, key), each.kind, None if added else entry, entry if added else None)
        for key, entry in entries.items()
    ]


def _change(section: str, key: str | None, found: Sequence[Difference], given: Mapping[str, Any]) -> Change:
    whole = next((each for each in found if len(each.path) == 2 and each.kind in {Kind.ADDED, Kind.REMOVED}), None)
    if whole is not None:
        shown = _entry(given.get(section), key) if whole.kind is Kind.ADDED else None
        what = f": {_listed(shown)}" if isinstance(shown, Mapping) and shown else ""
        return Change(section, key, whole.kind, tuple(found), f"{one_of(section)} {key}{what}")
    name = one_of(section) if key is not None else ""
    subject = f"{name} {key}" if name else "centre"
    kind = found[0].kind if len(found) == 1 and key is None and found[0].kind is not Kind.MOVED else Kind.CHANGED
    if kind is not Kind.CHANGED:
        said = f"{section} {_shown(found[0].after if kind is Kind.ADDED else found[0].before)}"
    else:
        said = ", ".join(_field(each, 2 if key is not None else 0, given) for each in found)
    return Change(section, key, kind, tuple(found), f"{subject}: {said}")


def one_of(section: str) -> str:
    """Return what one entry of a section is called: `queues` has queues, `hours` calendars."""
    if section in _ONE_OF:
        return _ONE_OF[section]
    return f"{section[:-3]}y" if section.endswith("ies") else section.removesuffix("s")


def _entry(section: Any, key: str | None) -> Any:
    if isinstance(section, Mapping):
        return section.get(key)
    items = section if isinstance(section, list) else []
    return next((each for each in items if isinstance(each, Mapping) and key in each.values()), None)


def _field(each: Difference, skip: int, given: Mapping[str, Any]) -> str:
    name = " ".join(each.path[skip:])
    if each.kind is Kind.MOVED:
        return f"{name} order {_shown(each.before)} -> {_shown(each.after)}".strip()
    if each.kind in {Kind.ADDED, Kind.REMOVED}:
        # Of a record, what was written: its defaults say nothing, nor does what went with it.
        value = each.before if each.kind is Kind.REMOVED else each.after
        if isinstance(value, Mapping):
            value = _written(given, each.path) if each.kind is Kind.ADDED else None
        return " ".join((name, *([_shown(value)] if value else []), each.kind.value))
    if isinstance(each.before, list) and isinstance(each.after, list) and _is_long(each):
        return f"{name} {_gone_and_come(each.before, each.after)}"
    return f"{name} {_shown(each.before)} -> {_shown(each.after)}"


def _written(given: Any, path: Sequence[str]) -> Any:
    """Return what is written at the end of a way."""
    for key in path:
        given = _entry(given, key)
    return given


def _is_long(each: Difference) -> bool:
    plain = all(isinstance(one, str | int | float) for one in (*each.before, *each.after))
    return plain and len(each.before) + len(each.after) > _LONG_LIST and set(each.before) != set(each.after)


def _gone_and_come(before: Sequence[Any], after: Sequence[Any]) -> str:
    come = [f"+{_shown(one)}" for one in after if one not in before]
    gone = [f"-{_shown(one)}" for one in before if one not in after]
    return " ".join((*come, *gone))


def _shown(value: Any) -> str:
    """Return a value in words."""
    if value is None or value in ([], {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    if isinstance(value, Mapping):
        return ", ".join(map(str, value)) if not any(value.values()) else "{" + _listed(value) + "}"
    text = " ".join(str(value).split()) if "\n" in str(value) else str(value)
    if len(text) > _LONG_TEXT:
        return f'"{text[: _LONG_TEXT - 1].rstrip()}…"'
    return text if text.strip() == text and text.isprintable() and text else repr(text)


def _listed(value: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_shown(each)}" for name, each in value.items())
