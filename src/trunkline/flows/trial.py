"""Carries out a test of a flow: plays the caller and the world, and says where things came otherwise."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from trunkline.core.errors import Rejected
from trunkline.flows.conversation import CannotGoOn, Conversation, Line
from trunkline.flows.reactions import Happening, happening
from trunkline.flows.render import replies, understood
from trunkline.flows.scripts import Item, Reply, Script
from trunkline.flows.talk import (
    Action,
    Answer,
    Ask,
    AskCallback,
    CallbackPlanned,
    CustomerFound,
    Done,
    Enqueue,
    Fetch,
    Fetched,
    FetchFailed,
    FindCustomer,
    KeepConsent,
    Menu,
    Pause,
    Rate,
    Send,
    SendFailed,
    Sent,
    TakeVoicemail,
    Transfer,
    TransferFailed,
)

_MAIN_FACT = {"transferred": "to", "sent": "text"}


@dataclass(frozen=True, slots=True)
class Failure:
    """Where a test went wrong: the line in its file, what was expected there, and what came."""

    line: int
    expected: str
    came: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one test on one medium; `talk` is the conversation as far as it went."""

    script: Script
    failure: Failure | None
    talk: tuple[Line, ...]

    @property
    def name(self) -> str:
        """The test, as people read it."""
        return f"{self.script.test.name} ({self.script.medium})"


class _Otherwise(Exception):  # noqa: N818 - never leaves this module
    """Something else came than was expected."""

    def __init__(self, expected: str, came: str) -> None:
        super().__init__(came)
        self.expected, self.came = expected, came


def tried(script: Script) -> Verdict:
    """Carry out one test; never raises for what a flow or a test can do wrong."""
    trial = _Trial(script)
    line = script.line
    try:
        trial.open()
        for item, line in zip(script.test.talk, script.lines, strict=True):  # noqa: B007 - used when it fails
            trial.take(item)
    except _Otherwise as other:
        return trial.verdict(Failure(line, other.expected, other.came))
    except (CannotGoOn, Rejected) as fault:
        return trial.verdict(Failure(line, "the flow goes on", str(fault)))
    return trial.verdict(None)


@dataclass(slots=True)
class _Trial:
    """One test under way. `unheard` are the words that no `hears` has asked for, since the caller's latest act."""

    script: Script
    talk: Conversation = field(init=False)
    unasked: str | None = None
    heard: int = 0
    seen: int = 0

    def open(self) -> None:
        """Begin the conversation."""
        test = self.script.test
        facts = self.script.world.facts(self.script.medium, test.caller, test.customer)
        self.talk = Conversation(self.script.world, facts, test.at, self._world_answers)
        self.talk.begin()

    def verdict(self, failure: Failure | None) -> Verdict:
        """Return what came of it."""
        return Verdict(self.script, failure, tuple(self.talk.lines))

    def take(self, item: Item) -> None:
        """Do what an item says, or see that it is so; raises _Otherwise."""
        if self.unasked:
            raise _Otherwise("a reply for it under http", self.unasked)
        value = getattr(item, item.verb)
        match item.verb:
            case "hears":
                self._hears(value)
            case "knows":
                self._knows(value)
            case "tagged":
                missing = [tag for tag in value if tag not in self.talk.moved.run.tags]
                if missing:
                    raise _Otherwise(f"tagged {', '.join(missing)}", f"tags: {_listing(self.talk.moved.run.tags)}")
            case "queued" | "voicemail" | "transferred" | "callback" | "sent" | "ended":
                self._happened(item.verb, {} if value is True else value)
            case _:
                self._act(item.verb, value)

    def _act(self, verb: str, value: Any) -> None:
        """Be the caller."""
        self.heard = 0
        if verb != "after" and isinstance(self.talk.action, TakeVoicemail):
            self._says(value if verb == "enters" else "a message", "leaves a message")
            if verb == "enters":
                return
        match verb:
            case "chooses":
                self._chooses(value)
            case "enters":
                self._enters(value)
            case "rates":
                self._must_ask(Rate, f"rates {value}")
                self._says(value, f"rates {value}")
            case "silent":
                self._must_ask((Menu, Ask, Rate), "says nothing")
                self._says("", "sends an empty message" if self.script.medium == "sms" else "says nothing")
            case _:
                self.talk.wait(value)

    def _chooses(self, label: str) -> None:
        """Take a menu's choice by its label, as the medium has it; or the offer of a callback by its word."""
        action = self.talk.action
        if isinstance(action, Enqueue) and action.offer_callback and label == "callback":
            self.talk.wait(action.offer_callback.after)
            self._says(action.offer_callback.key, f"presses {action.offer_callback.key}")
            return
        self._must_ask(Menu, f'chooses "{label}"')
        assert isinstance(action, Menu)  # noqa: S101 - for mypy
        labels = [choice.label.casefold() for choice in action.choices]
        if label.casefold() not in labels:
            shown = _listing([each.label for each in action.choices])
            raise _Otherwise(f'the choice "{label}"', f"choices: {shown}")
        at = labels.index(label.casefold())
        choice, reply = action.choices[at], replies(action.choices)[at]
        by_key = self.script.medium == "voice" and choice.key
        self._says(reply, f"presses {reply} ({choice.label})" if by_key else f'"{choice.label}"')

    def _enters(self, text: str) -> None:
        """Enter something: a key for a menu on the telephone, else all of it."""
        if not (isinstance(self.talk.action, Pause) and self.talk.action.listens):
            self._must_ask((Menu, Ask, Rate), f'enters "{text}"')
        secret = isinstance(self.talk.action, Ask) and self.talk.action.secret
        says = "enters something secret" if secret else f'enters "{text}"'
        self._says(text, says)

    def _says(self, text: str, shown: str) -> None:
        """Press, click or write something, as the medium has it."""
        answer = understood(self.talk.action, text, self.script.medium)
        assert answer is not None  # noqa: S101 - for mypy: the flow asks for something, as was seen
        self.talk.answer(answer, shown)

    def _must_ask(self, kinds: type | tuple[type, ...], does: str) -> None:
        """See that the flow asks for what the caller is to do."""
        if not isinstance(self.talk.action, kinds):
            raise _Otherwise(f"a question, so that the caller {does}", _standing(self.talk.action))

    def _hears(self, text: str) -> None:
        """See that these words are said, after those already looked for."""
        said = _plain(" ".join(self.talk.words))
        found = said.find(_plain(text), self.heard)
        if found < 0:
            raise _Otherwise(f'hears "{text}"', f'"{said[self.heard :].strip()}"' if said[self.heard :] else "nothing")
        self.heard = found + len(_plain(text))

    def _happened(self, word: str, wanted: Mapping[str, Any] | str) -> None:
        """See that the flow did this, after what was already looked for."""
        facts = {_MAIN_FACT.get(word, "queue"): wanted} if isinstance(wanted, str) else wanted
        expected = str(Happening(word, facts))
        if isinstance(self.talk.action, TakeVoicemail) and word != "voicemail":
            self._says("a message", "leaves a message")
        if word in {"queued", "voicemail"} and not any(each.word == word for each in self.talk.happened[self.seen :]):
            raise _Otherwise(expected, _standing(self.talk.action))
        for at, happened in enumerate(self.talk.happened[self.seen :], start=self.seen):
            if happened.word == word:
                self.seen = at + 1
                if any(not _same(happened.facts.get(key), value) for key, value in facts.items()):
                    raise _Otherwise(expected, str(happened))
                return
        raise _Otherwise(expected, _standing(self.talk.action))

    def _knows(self, wanted: Mapping[str, Any]) -> None:
        """See that the run has kept these values."""
        values = self.talk.moved.run.values
        for name, value in wanted.items():
            if not _same(values.get(name), value):
                raise _Otherwise(f"{name} is {value!r}", f"{name} is {values.get(name)!r}")

    def _world_answers(self, action: Action) -> Answer | None:
        """Answer for everything that is no person."""
        test = self.script.test
        answer: Answer | None = None
        match action:
            case Fetch(method, url):
                answer = self._fetched(method, url)
            case FindCustomer():
                answer = CustomerFound(test.customer)
            case Send():
                answer = SendFailed("refused") if "send" in test.fails else Sent()
            case KeepConsent():
                answer = Done()
            case AskCallback():
                answer = CallbackPlanned(existing=test.callback_planned)
            case Transfer() if "transfer" in test.fails:
                answer = TransferFailed("busy")
        return answer

    def _fetched(self, method: str, url: str) -> Answer | None:
        """Return the canned reply for a request."""
        reply = next((each for each in self.script.test.http if each.is_for(method, url)), None)
        if reply is None:
            self.unasked = f"the flow asks {method} {url}, for which the test has no reply"
            return None
        answer = _answer_of(reply)
        came = answer.status if isinstance(answer, Fetched) else answer.why
        self.talk.lines.append(Line("world", f"{method} {url}: {came}"))
        return answer


def _answer_of(reply: Reply) -> Fetched | FetchFailed:
    """Return a canned reply as the flow gets it."""
    return FetchFailed(reply.fails) if reply.fails else Fetched(reply.status, reply.body)


def _same(one: object, other: object) -> bool:
    """Compare as an admin would: numbers by value, the rest by its text; a list by its parts."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return one == other or str(one) == str(other)


def _plain(text: str) -> str:
    """Return words without their case and spacing."""
    return " ".join(text.split()).casefold()


def _listing(words: Iterable[str]) -> str:
    """Return `Sales, Support`, or `none`."""
    return ", ".join(words) or "none"


def _standing(action: Action) -> str:
    """Say where the flow stands."""
    match action:
        case Menu(choices=choices):
            return f"a menu: {_listing([choice.label for choice in choices])}"
        case Ask(form=form):
            return f"a question for {form}"
        case Rate(question=question):
            return f"the survey's question {question}"
        case Pause(until=until):
            return f"a pause until {until.isoformat()}"
        case _:
            return str(happening(action) or type(action).__name__)
