"""The text messages that a step sends, at their least: every value in them left out."""

from collections.abc import Iterator

from trunkline.flows.render import rendered
from trunkline.flows.segments import Segments, segments
from trunkline.flows.steps.asking import AskingStep
from trunkline.flows.steps.menu import MenuStep
from trunkline.flows.steps.queue import QueueStep
from trunkline.flows.steps.send import SendStep
from trunkline.flows.steps.step import Loc, Step
from trunkline.flows.talk import Choice, Menu, Prompt
from trunkline.flows.template import Template
from trunkline.flows.words import AnyWords

MOST_SEGMENTS = 3
"""More than these are worth a warning: each is charged, and none of the phones shows more at a glance."""


def too_long(text: str) -> Segments | None:
    """Return what sending a text takes if that is more than anybody should send, else None."""
    found = segments(text)
    return found if found.count > MOST_SEGMENTS else None


def said_at_least(step: Step, language: str) -> Iterator[tuple[Loc, str]]:
    """Yield each message that a step says to somebody on sms, with its place in the file."""
    if isinstance(step, QueueStep):
        return  # callbacks are offered to callers only
    spoken = {loc: words_at_least(words, language) for loc, words in step.words()}
    if not isinstance(step, AskingStep):
        yield from spoken.items()
        return
    question = spoken[step.kind,]
    if isinstance(step, MenuStep):
        choices = [Choice(each.key, spoken["choices", at, "label"]) for at, each in enumerate(step.choices)]
        menu = Menu((Prompt(question, language),), "", step.no_answer.after_on("sms"), tuple(choices))
        question = rendered(menu, "sms", language).text
    yield (step.kind,), question
    yield from ((loc, f"{text}\n{question}") for loc, text in spoken.items() if loc[-1] == "say")


def sent_at_least(step: Step, language: str) -> Iterator[tuple[Loc, str]]:
    """Yield the text message that a step sends to a number, whatever medium its flow runs on."""
    if isinstance(step, SendStep) and step.by == "sms":
        words = step.send.in_language(language)
        yield ("send",), _at_least(words.on("sms") or words.on("chat"))


def words_at_least(words: AnyWords, language: str) -> str:
    """Return words for sms without the values in them."""
    return _at_least(words.in_language(language).on("sms"))


def _at_least(text: Template | None) -> str:
    return "".join(part for part in text.parts if isinstance(part, str)) if text else ""
