"""What can come of each thing a flow wants done: how people and the world may answer, and what a test calls it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from trunkline.flows.fields import KEYS
from trunkline.flows.talk import (
    Action,
    Answer,
    Ask,
    Done,
    End,
    Enqueue,
    Key,
    Left,
    Menu,
    Overflowed,
    Say,
    Silence,
    TakeVoicemail,
    Typed,
)

NONSENSE = "qwxyz"
AT_ONCE = timedelta()


@dataclass(frozen=True, slots=True)
class Reaction:
    """One way an action can go on. `says` reads as `caller <says>`; `takes` is how long it is until then.

    `by_itself`: comes without anybody doing anything, when that time has passed.
    """

    says: str
    answer: Answer
    takes: timedelta = AT_ONCE
    by_itself: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """Where an action happens. `words` are texts that the flow compares something with, worth trying as answers."""

    medium: str
    now: datetime
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Happening:
    """Something a flow did besides talking, by the word a test has for it; an `end` of the flow's part or not."""

    word: str
    facts: Mapping[str, object] = field(default_factory=dict)
    is_end: bool = False

    def __str__(self) -> str:
        """Return it as a test would write it."""
        shown = {key: value for key, value in self.facts.items() if value not in (None, 0, "")}
        if not shown:
            return self.word
        return f"{self.word} {', '.join(f'{key} {value}' for key, value in shown.items())}"


def _to_menu(menu: Menu, setting: Setting) -> list[Reaction]:
    """Every choice, nonsense, silence."""
    voice = setting.medium == "voice"
    found = [
        Reaction(f'chooses "{choice.label}"', Key(choice.key) if voice and choice.key else Typed(choice.label))
        for choice in menu.choices
    ]
    other = next((key for key in KEYS if key not in menu.keys), None)
    if not voice:
        found.append(Reaction(f'writes "{NONSENSE}"', Typed(NONSENSE)))
    elif other:
        found.append(Reaction(f"presses {other}", Key(other)))
    return [*found, Reaction("says nothing", Silence(), menu.after, by_itself=True)]


def _to_ask(ask: Ask, setting: Setting) -> list[Reaction]:
    """Something of every form that a question may want, something that fits none, silence."""
    digits = ("1234567890" * 4)[: ask.max_length]
    forms = (digits, "1", "20261224", "4111111111111111", "07700900123")
    if setting.medium != "voice":
        forms = (*forms, "yes", "no", "2026-12-24", "someone@example.com", "some words", "4111 1111 1111 1111")
    tried = dict.fromkeys((*forms, *setting.words))
    verb = "enters" if setting.medium == "voice" else "writes"
    found = [Reaction(f'{verb} "{text}"', Typed(text)) for text in tried if len(text) <= max(ask.max_length, 1)]
    bad = "0" if setting.medium == "voice" else NONSENSE
    return [
        *found,
        Reaction(f'{verb} "{bad}"', Typed(bad)),
        Reaction("says nothing", Silence(), ask.after, by_itself=True),
    ]


def _to_enqueue(enqueue: Enqueue, _: Setting) -> list[Reaction]:
    """Nobody comes in time."""
    if enqueue.overflow_after is None:
        return []
    return [Reaction(f"waits {spoken(enqueue.overflow_after)}", Overflowed(), enqueue.overflow_after, by_itself=True)]


# One line for each kind of action: what it leads to.
_REACTIONS: Mapping[type, Callable[[Any, Setting], list[Reaction]]] = {
    Say: lambda _say, _setting: [Reaction("listens", Done(), by_itself=True)],
    Menu: _to_menu,
    Ask: _to_ask,
    Enqueue: _to_enqueue,
    TakeVoicemail: lambda _take, _setting: [Reaction("leaves a message", Left(), by_itself=True)],
    End: lambda _end, _setting: [],
}

# One line for each kind of action that a test can look for.
_HAPPENINGS: Mapping[type, Callable[[Any], Happening]] = {
    Enqueue: lambda it: Happening("queued", {"queue": str(it.queue), "priority": it.priority}, is_end=True),
    TakeVoicemail: lambda it: Happening("voicemail", {"queue": str(it.queue)}, is_end=True),
    End: lambda _: Happening("ended", {}, is_end=True),
}


def reactions(action: Action, setting: Setting) -> list[Reaction]:
    """Return the ways an action can go on, the likeliest first; none when the flow's part is over."""
    return _REACTIONS[type(action)](action, setting)


def happening(action: Action) -> Happening | None:
    """Return what an action is besides talk, None when it is only talk."""
    told = _HAPPENINGS.get(type(action))
    return told(action) if told else None


def spoken(length: timedelta) -> str:
    """Return `5m`, `90s` or `2h 5m`, as a flow file would have it."""
    seconds = round(length.total_seconds())
    if seconds % 60:
        return f"{seconds}s"
    hours, minutes = divmod(seconds // 60, 60)
    return " ".join(part for part in (f"{hours}h" if hours else "", f"{minutes}m" if minutes or not hours else "") if part)
