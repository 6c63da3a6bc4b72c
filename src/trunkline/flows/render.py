"""What each medium shows of what a flow wants, and what somebody there means by a key, a click or a text.

Both are pure and stand side by side, for whatever is shown as a way to answer must be understood. `flow talk`, `flow
test`, `flow explore` and the channels all come through here.
"""

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

from trunkline.core.message import LONGEST_MESSAGE
from trunkline.flows.talk import (
    Action,
    Answer,
    Ask,
    CallbackWanted,
    Choice,
    Enqueue,
    Key,
    Left,
    Menu,
    Pause,
    Prompt,
    Rate,
    Silence,
    TakeVoicemail,
    Typed,
)

_AROUND_AN_ANSWER = " .,;:!?()[]\"'"


@dataclass(frozen=True, slots=True)
class Button:
    """Something to click: what stands on it, and what a click says."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a medium shows: one message. Without `lines` and `buttons` there is nothing to show.

    `keyboard` says what is to be entered, as the flow's `as` has it: digits, number, date, text, phone, email or card,
    and `rating` where the buttons are scores; None where nothing is. `secret`: what is entered is shown to nobody and
    kept nowhere.
    """

    lines: tuple[str, ...]
    language: str
    buttons: tuple[Button, ...] = ()
    keyboard: str | None = None
    secret: bool = False

    @property
    def text(self) -> str:
        """All that is written, as one text."""
        return "\n".join(self.lines)

    def __bool__(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.lines or self.buttons)


def rendered(action: Action, medium: str, language: str) -> Shown:
    """Return what a medium shows of an action; on voice the words only, for its line says them in its own way."""
    prompts: tuple[Prompt, ...] = getattr(action, "prompts", ())
    if medium == "voice":
        return Shown(tuple(each.text or f"(recording {each.recording})" for each in prompts), language)
    lines = tuple(each.text for each in prompts if each.text)
    return _RENDERERS[medium](action, lines, language)


def _on_chat(action: Action, lines: tuple[str, ...], language: str) -> Shown:
    """Choices are buttons; questions bring their keyboard."""
    match action:
        case Menu(choices=choices):
            buttons = tuple(Button(c.label, reply) for c, reply in zip(choices, replies(choices), strict=True))
            return Shown(lines, language, buttons)
        case Rate(keys=keys):
            return Shown(lines, language, tuple(Button(key, key) for key in keys), keyboard="rating")
        case Ask(form=form, secret=secret):
            return Shown(lines, language, keyboard=form, secret=secret)
        case TakeVoicemail():
            return Shown(lines, language, keyboard="text")
    return Shown(lines, language)


def _in_plain_text(action: Action, lines: tuple[str, ...], language: str) -> Shown:
    """Everything is text: choices have their numbers, by which they are answered."""
    if isinstance(action, Menu):
        choices = zip(action.choices, replies(action.choices), strict=True)
        lines = (*lines, *(f"{reply} {choice.label}" for choice, reply in choices))
    return Shown(lines, language, secret=isinstance(action, Ask) and action.secret)


_RENDERERS: Mapping[str, Callable[[Action, tuple[str, ...], str], Shown]] = {
    "chat": _on_chat,
    "sms": _in_plain_text,
    "email": _in_plain_text,
}
UNHURRIED = frozenset({"sms", "email"})
"""Where nobody sits and waits: a question stands for days."""


def replies(choices: Sequence[Choice]) -> tuple[str, ...]:
    """Return what each choice is answered by where people type: its key, else the next number that is no key."""
    keys = {choice.key for choice in choices}
    free: Iterator[str] = (str(number) for number in count(1) if str(number) not in keys)
    return tuple(choice.key or next(free) for choice in choices)


def asks(action: Action) -> bool:
    """Whether an action waits for somebody's answer, on every medium where people write."""
    return isinstance(action, Menu | Ask | Rate | TakeVoicemail)


def silence_after(action: Action, medium: str) -> timedelta | None:
    """Return how long an answer is waited for until its absence is one; None where nobody is hurried.

    That is on sms and email. And wherever no answer is asked for.
    """
    match action:
        case Menu(after=after) | Ask(after=after) | Rate(after=after) if medium not in UNHURRIED:
            return after
    return None


def understood(action: Action, text: str, medium: str) -> Answer | None:
    """Return what somebody means who pressed, clicked or wrote this; None where the flow has not asked for anything.

    On voice it is the keys they press, of which menus take the first. Nothing but space is Silence.
    """
    reader = _READERS.get(type(action))
    return reader(action, text, medium) if reader is not None else None


def _to_menu(menu: Menu, text: str, medium: str) -> Answer:
    return _pressed(text) if medium == "voice" else _chosen(menu, text)


def _to_rate(rate: Rate, text: str, medium: str) -> Answer:
    if medium == "voice":
        return _pressed(text)
    score = _plain(text).strip(_AROUND_AN_ANSWER)
    return Key(score) if len(score) == 1 and score in rate.keys else _written(text)


def _to_ask(ask: Ask, text: str, medium: str) -> Answer:
    return _gathered(ask, text.strip()) if medium == "voice" else _written(text)


def _to_voicemail(_take: TakeVoicemail, text: str, medium: str) -> Answer:
    return Left(None if medium == "voice" else text.strip()[:LONGEST_MESSAGE] or None)


def _to_queue(enqueue: Enqueue, text: str, _medium: str) -> Answer | None:
    offer = enqueue.offer_callback
    return CallbackWanted() if offer is not None and text.strip() == offer.key else None


_READERS: Mapping[type[Action], Callable[[Any, str, str], Answer | None]] = {
    Menu: _to_menu,
    Rate: _to_rate,
    Ask: _to_ask,
    TakeVoicemail: _to_voicemail,
    Enqueue: _to_queue,
    Pause: lambda pause, text, _medium: _written(text) if pause.listens else None,
}


def _pressed(keys: str) -> Answer:
    return Key(keys.strip()[0]) if keys.strip() else Silence()


def _chosen(menu: Menu, text: str) -> Answer:
    """Return the choice that is meant, by its number, its label or both as they are shown; else what was written.

    The menu's own phrases are known to the flow alone, which looks for them in what was written.
    """
    said = _plain(text)
    tried = {said, said.strip(_AROUND_AN_ANSWER)} - {""}
    named = list(zip(menu.choices, replies(menu.choices), strict=True))
    # Numbers go first, for they are what each choice has alone.
    for called in (
        lambda _choice, reply: reply,
        lambda choice, _reply: choice.label,
        lambda choice, reply: f"{reply} {choice.label}",
    ):
        chosen = next((choice for choice, reply in named if _plain(called(choice, reply)) in tried), None)
        if chosen is not None:
            return Key(chosen.key) if chosen.key else Typed(chosen.label)
    return _written(text)


def _gathered(ask: Ask, keys: str) -> Answer:
    """Return what a telephone gathers: up to the finishing key, or the longest length."""
    if not keys:
        return Silence()
    end = next((at for at, key in enumerate(keys) if key in ask.finish_on), len(keys))
    return Typed(keys[: min(end, ask.max_length)])


def _written(text: str) -> Answer:
    return Typed(text) if text.strip() else Silence()


def _plain(text: str) -> str:
    """Return an answer without what does not matter in it: case, spacing, and by which script's digits it was given."""
    digits = (str(unicodedata.decimal(each, each)) for each in unicodedata.normalize("NFKC", text))
    return " ".join("".join(digits).split()).casefold()
