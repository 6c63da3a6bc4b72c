"""What can come of each thing a flow wants done: how people and the world may answer, and what a test calls it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from trunkline.flows.fields import KEYS
from trunkline.flows.render import replies, silence_after, understood
from trunkline.flows.talk import (
    Action,
    Answer,
    Ask,
    AskCallback,
    CallbackPlanned,
    CallbackRefused,
    CallbackWanted,
    Choice,
    CustomerFound,
    Done,
    End,
    Enqueue,
    Fetch,
    Fetched,
    FetchFailed,
    FindCustomer,
    KeepConsent,
    Key,
    Left,
    Menu,
    Overflowed,
    Pause,
    Rate,
    Say,
    Send,
    SendFailed,
    Sent,
    Silence,
    TakeVoicemail,
    Transfer,
    TransferFailed,
    Transferred,
    Typed,
    Value,
    Woke,
)

NONSENSE = "qwxyz"
MOST_KEYS = 32
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
    bodies: tuple[Mapping[str, Value], ...] = ({},)
    """What web services may answer, as far as the flow cares."""
    customers: tuple[Mapping[str, Value], ...] = ({},)
    phone: str = "07700900123"
    """A telephone number as people enter it."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something a flow did besides talking, by the word a test has for it; an `end` of the flow's part or not."""

    word: str
    facts: Mapping[str, object] = field(default_factory=dict)
    is_end: bool = False

    def __str__(self) -> str:
        """Return it as a test would write it."""
        shown = {
            key: value for key, value in self.facts.items() if value is not None and value is not False and value != ""
        }
        if not shown:
            return self.word
        return f"{self.word} {', '.join(f'{key} {value}' for key, value in shown.items())}"


def _to_menu(menu: Menu, setting: Setting) -> list[Reaction]:
    """Every choice, nonsense, silence."""
    voice = setting.medium == "voice"
    found = [
        Reaction(f'chooses "{choice.label}"', understood(menu, reply, setting.medium) or Silence())
        for choice, reply in zip(menu.choices, replies(menu.choices), strict=True)
    ]
    other = next((key for key in KEYS if key not in menu.keys), None)
    if not voice:
        found.append(Reaction(f'writes "{NONSENSE}"', Typed(NONSENSE)))
    elif other:
        found.append(Reaction(f"presses {other}", Key(other)))
    return [*found, _silence(menu, setting)]


def _to_ask(ask: Ask, setting: Setting) -> list[Reaction]:
    """Something of the form that the question wants, what the flow compares with, something that fits none, silence."""
    tried = dict.fromkeys((*_right_answers(ask, setting), *setting.words))
    verb = "enters" if setting.medium == "voice" else "writes"
    found = [Reaction(f'{verb} "{text}"', Typed(text)) for text in tried if len(text) <= max(ask.max_length, 1)]
    bad = "0" if setting.medium == "voice" else NONSENSE
    return [
        *found,
        Reaction(f'{verb} "{bad}"', Typed(bad)),
        _silence(ask, setting),
    ]


def _silence(question: Menu | Ask, setting: Setting) -> Reaction:
    """No answer in time; where time does not count, one without a word in it, such as a picture."""
    after = silence_after(question, setting.medium)
    if after is None:
        return Reaction("sends an empty message", Silence())
    return Reaction("says nothing", Silence(), after, by_itself=True)


def _right_answers(ask: Ask, setting: Setting) -> tuple[str, ...]:
    """Return what people may enter as the question wants it."""
    match ask.form:
        case "date":
            return _dates_around(setting.now)
        case "phone":
            return (setting.phone,)
        case "email":
            return ("someone@example.com",)
        case "text":
            return ("some words",)
        case "card":
            return ("4111111111111111",)
        case _:
            return (("1234567890" * 4)[: min(ask.max_length, MOST_KEYS)], "1")


def _dates_around(now: datetime) -> tuple[str, str]:
    """Return a date to come and a past one, by eight keys: the fifth of May or so, the same with the month first."""
    days = [date(now.year + year, month, month) for year in (-1, 0, 1) for month in range(1, 13)]
    # Two days, so that it is to come in every time zone.
    coming = next(day for day in days if day > now.date() + timedelta(days=2))
    past = next(day for day in reversed(days) if day < now.date() - timedelta(days=2))
    return f"{coming:%d%m%Y}", f"{past:%d%m%Y}"


def _to_rate(rate: Rate, setting: Setting) -> list[Reaction]:
    """Every score, nonsense, silence."""
    return _to_menu(Menu(rate.prompts, rate.keys, rate.after, tuple(Choice(key, key) for key in rate.keys)), setting)


def _to_enqueue(enqueue: Enqueue, setting: Setting) -> list[Reaction]:
    """Nobody comes in time, or the caller asks to be called back."""
    found = []
    if (offer := enqueue.offer_callback) is not None:
        presses = "presses" if setting.medium == "voice" else "answers"
        found.append(Reaction(f"waits {spoken(offer.after)} and {presses} {offer.key}", CallbackWanted(), offer.after))
    if enqueue.overflow_after is not None:
        waits = f"waits {spoken(enqueue.overflow_after)}"
        found.append(Reaction(waits, Overflowed(), enqueue.overflow_after, by_itself=True))
    return found


def _to_fetch(fetch: Fetch, setting: Setting) -> list[Reaction]:
    """Each answer the flow cares about, nothing found, a refusal, no answer in time."""
    asked = f"{fetch.method} {fetch.url}"
    return [
        *(
            Reaction(f"({asked} answers 200{f' {json.dumps(body)}' if body else ''})", Fetched(200, body))
            for body in setting.bodies
        ),
        Reaction(f"({asked} answers 404)", Fetched(404)),
        Reaction(f"({asked} fails: timeout)", FetchFailed("timeout"), fetch.timeout, by_itself=True),
    ]


def _to_find(_: FindCustomer, setting: Setting) -> list[Reaction]:
    """Each kind of customer the flow makes a difference for."""
    return [Reaction(f"(is the customer {json.dumps(facts)})", CustomerFound(facts)) for facts in setting.customers]


def _to_transfer(transfer: Transfer, _: Setting) -> list[Reaction]:
    """It is taken, or nobody takes it."""
    failed = Reaction("(nobody takes the transfer)", TransferFailed("no answer"), transfer.timeout, by_itself=True)
    return [Reaction("(the transfer is taken)", Transferred()), failed]


# One line for each kind of action: what it leads to.
_REACTIONS: Mapping[type, Callable[[Any, Setting], list[Reaction]]] = {
    Say: lambda _say, _setting: [Reaction("listens", Done(), by_itself=True)],
    Menu: _to_menu,
    Ask: _to_ask,
    Enqueue: _to_enqueue,
    TakeVoicemail: lambda take, _: [Reaction("leaves a message", Left("a message"), take.at_most, by_itself=True)],
    Rate: _to_rate,
    AskCallback: lambda _ask, _setting: [
        Reaction("(the callback is planned)", CallbackPlanned(), by_itself=True),
        Reaction("(a callback was planned before)", CallbackPlanned(existing=True)),
        Reaction("(no trunk may call that number)", CallbackRefused("no trunk may call it")),
    ],
    Transfer: _to_transfer,
    Fetch: _to_fetch,
    FindCustomer: _to_find,
    Send: lambda send, _setting: [
        Reaction(f"(the {send.medium} goes out)", Sent(), by_itself=True),
        Reaction(f"(the {send.medium} cannot be sent)", SendFailed("refused")),
    ],
    Pause: lambda pause, setting: [
        Reaction("(time passes)", Woke(), max(pause.until - setting.now, AT_ONCE), by_itself=True),
        *([Reaction("writes meanwhile", Typed("Hello?"))] if pause.listens and setting.medium != "voice" else []),
    ],
    KeepConsent: lambda keep, _setting: [Reaction(f"(consent to {keep.purpose} is noted)", Done(), by_itself=True)],
    End: lambda _end, _setting: [],
}

# One line for each kind of action that a test can look for.
_HAPPENINGS: Mapping[type, Callable[[Any], Happening]] = {
    Enqueue: lambda it: Happening("queued", {"queue": str(it.queue), "priority": it.priority}, is_end=True),
    TakeVoicemail: lambda it: Happening("voicemail", {"queue": str(it.queue)}, is_end=True),
    AskCallback: lambda it: Happening(
        "callback", {"queue": str(it.queue), "number": it.number, "keep_place": it.keep_place, "at": it.at}, is_end=True
    ),
    Transfer: lambda it: Happening("transferred", {"to": it.number}, is_end=True),
    Send: lambda it: Happening("sent", {"medium": it.medium, "to": it.to, "text": it.text, "subject": it.subject}),
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
    return " ".join(
        part for part in (f"{hours}h" if hours else "", f"{minutes}m" if minutes or not hours else "") if part
    )
