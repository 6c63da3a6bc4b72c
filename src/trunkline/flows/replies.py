"""The replies of the centre file: texts read into their parts, and what is wrong with them."""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

from trunkline.core.ids import QueueId
from trunkline.core.message import LONGEST_MESSAGE
from trunkline.core.reply import ANSWERS, BLANKS, Blank, Reply, Text
from trunkline.flows.expression import Call, Expression
from trunkline.flows.expression import Literal as Written
from trunkline.flows.expression import Name as Named
from trunkline.flows.fields import Name, language
from trunkline.flows.problem import Guesser
from trunkline.flows.segments import segments
from trunkline.flows.template import parts_of

LONGEST_REPLY = 20_000
"""Characters of a reply in a mail; other media take less."""
LONGEST_SUBJECT = 200
MOST_TEXT_MESSAGES = 10
"""So many text messages a reply may become: each is charged."""

Words = str | Mapping[str, str]
WritingMedium = Literal["chat", "sms", "email"]
WRITING: tuple[WritingMedium, ...] = ("chat", "sms", "email")


def read_text(text: str) -> Text:
    """Return a reply's text in its parts; raises ValueError for one that nobody could send."""
    whole = "\n".join(line.rstrip() for line in text.splitlines()).strip()
    if not whole:
        raise ValueError("the text is empty: write what is to be said")
    if len(whole) > LONGEST_REPLY:
        raise ValueError(f"the text is longer than {LONGEST_REPLY} characters")
    if any(ord(character) < 32 and character not in "\n\t" for character in whole):
        raise ValueError("the text holds a control character: remove it")
    return tuple(part if isinstance(part, str) else _blank(part) for part in parts_of(whole))


def at_least(text: Text) -> str:
    """Return a text without the values in it: no reply becomes shorter."""
    return "".join(part for part in text if isinstance(part, str))


def _blank(part: Expression) -> Blank:
    match part:
        case Named(_, path):
            return Blank(_known(".".join(path)))
        case Call(_, "default", (Named(_, path), Written(_, str(otherwise)))):
            return Blank(_known(".".join(path)), otherwise)
    raise ValueError(
        'a reply takes names, such as {customer.name}, and {default(customer.name, "there")} for where there is none'
    )


def _known(name: str) -> str:
    learned = name.removeprefix(ANSWERS)
    if name in BLANKS or (learned != name and "." not in learned):
        return name
    hint = Guesser(BLANKS).hint(name)
    known = ", ".join(f"{{{each}}}" for each in BLANKS)
    raise ValueError(
        f"nobody knows {{{name}}}: {hint or f'write one of {known}, or {{answers.…}} for what a flow learned'}"
    )


def _words(value: Any) -> Words:
    """Accept one text, or one for each language; raises ValueError."""
    if isinstance(value, str):
        read_text(value)
        return value
    if not isinstance(value, dict) or not value or not all(isinstance(each, str) for each in value.values()):
        raise ValueError("must be text, or a text for each language: {en-GB: …, es: …}")
    for key, text in value.items():
        language(str(key))
        try:
            read_text(text)
        except ValueError as fault:
            raise ValueError(f"{key}: {fault}") from None
    return value


def _one_line(words: Words) -> Words:
    """Accept what a mail can have as its subject."""
    for text in (words,) if isinstance(words, str) else words.values():
        if len(text) > LONGEST_SUBJECT or "\n" in text.strip():
            raise ValueError(f"a subject is one line of at most {LONGEST_SUBJECT} characters")
    return words


def _shape(lines: str) -> WithJsonSchema:
    of = {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1}
    return WithJsonSchema({"anyOf": [{"type": "string"}, of], "format": lines})


_Text = Annotated[Words, PlainValidator(_words), _shape("words")]
_Subject = Annotated[Words, PlainValidator(_words), AfterValidator(_one_line), _shape("words-on-a-line")]


class ReplyShape(BaseModel):
    """A reply of the centre file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    title: Annotated[str, Field(min_length=1, max_length=80)]
    text: _Text
    subject: _Subject | None = None
    media: Annotated[tuple[WritingMedium, ...], Field(strict=False, min_length=1)] = WRITING
    queues: Annotated[tuple[Name, ...], Field(strict=False, min_length=1)] | None = None

    def reply(self, main: str) -> Reply:
        """Return it as the rest of the service knows it; what names no language is in the centre's, `main`."""
        return Reply(
            self.title, _by_language(self.text, main), frozenset(self.media),
            frozenset(map(QueueId, self.queues)) if self.queues is not None else None,
            _by_language(self.subject, main) if self.subject is not None else {},
        )  # fmt: skip

    def faults(self) -> Iterator[tuple[str, str, str]]:
        """Yield what is wrong between its keys: the key, what, and what to do."""
        if self.subject is not None and "email" not in self.media:
            yield "subject", "only a mail has a subject", "add email to its media, or remove the subject"
        for key, text in self._least().items():
            where = f"text {key}" if key else "text"
            if len(text) > LONGEST_MESSAGE and "chat" in self.media:
                what = f"{where} is longer than {LONGEST_MESSAGE} characters, which a chat does not take"
                yield "text", what, "shorten it, or leave chat out of its media"
            if "sms" in self.media and (many := segments(text).count) > MOST_TEXT_MESSAGES:
                what = f"{where} becomes {many} text messages, at most {MOST_TEXT_MESSAGES}"
                yield "text", what, "shorten it, or leave sms out of its media"

    def _least(self) -> Mapping[str, str]:
        if isinstance(self.text, str):
            return {"": at_least(read_text(self.text))}
        return {key: at_least(read_text(text)) for key, text in self.text.items()}


def _by_language(words: Words, main: str) -> Mapping[str, Text]:
    if isinstance(words, str):
        return {main: read_text(words)}
    return {key: read_text(text) for key, text in words.items()}


def revision_of(replies: Mapping[str, ReplyShape], main: str) -> str:
    """Return a name of these replies as they are written; empty where there are none."""
    if not replies:
        return ""
    text = json.dumps([main, {name: reply.model_dump() for name, reply in replies.items()}], sort_keys=False)
    return sha256(text.encode()).hexdigest()[:16]
