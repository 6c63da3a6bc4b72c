"""What a waiting caller is told about where they stand, in English and Spanish; other languages get English."""

from bisect import bisect_left, bisect_right
from datetime import timedelta

from trunkline.flows.flow import Flow
from trunkline.flows.readout import base_of
from trunkline.flows.render import Button, Shown
from trunkline.flows.steps.queue import QueueStep
from trunkline.flows.talk import CallbackOffer, Prompt

_MINUTES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60)
"""The minutes that are spoken of; a longer wait is told as more than an hour."""
_NEARLY = 0.05
"""1 minute 58 is told as 2 minutes."""
_WIDEST = 5
"""How many steps apart the two ends of what is spoken may be."""
_READY_PLACES = 20
_WORDS = {
    "en": {
        "next": "You are next in line.",
        "place": "You are number {place} in line.",
        "minute": "The expected wait is about one minute.",
        "minutes": "The expected wait is about {minutes} minutes.",
        "between": "The expected wait is between {low} and {high} minutes.",
        "long": "The expected wait is more than an hour.",
        "callback": "If you would like us to call you back without losing your place, press {key}.",
        "callback_chat": "Would you like us to call you back instead? You keep your place.",
        "callback_text": "Would you like us to call you back instead? You keep your place. Answer {key}.",
        "callback_button": "Call me back",
    },
    "es": {
        "next": "Es usted el siguiente.",
        "place": "Es usted el número {place} en la cola.",
        "minute": "El tiempo de espera es de aproximadamente un minuto.",
        "minutes": "El tiempo de espera es de aproximadamente {minutes} minutos.",
        "between": "El tiempo de espera es de entre {low} y {high} minutos.",
        "long": "El tiempo de espera es de más de una hora.",
        "callback": "Si prefiere que le llamemos sin perder su turno, pulse {key}.",
        "callback_chat": "¿Prefiere que le llamemos? No pierde su turno.",
        "callback_text": "¿Prefiere que le llamemos? No pierde su turno. Responda {key}.",
        "callback_button": "Llámenme",
    },
}
_KEYS = {"en": {"*": "star", "#": "hash"}, "es": {"*": "asterisco", "#": "almohadilla"}}


def place_in_line(position: int, language: str) -> Prompt:
    """Return the words for a place; 1 is next."""
    return _prompt("next" if position == 1 else "place", language, place=str(position))


def expected(low: timedelta, high: timedelta, language: str) -> Prompt | None:
    """Return the words for a wait between two lengths, in minutes; None when they are too far apart to be of use."""
    if low >= timedelta(minutes=_MINUTES[-1]):
        return _prompt("long", language)
    first = max(bisect_right(_MINUTES, low.total_seconds() / 60 * (1 + _NEARLY)) - 1, 0)
    last = bisect_left(_MINUTES, high.total_seconds() / 60 * (1 - _NEARLY))
    if last - first > _WIDEST or last == len(_MINUTES):
        return None
    return _between(first, last, language)


def _between(first: int, last: int, language: str) -> Prompt:
    low, high = _MINUTES[first], _MINUTES[last]
    if low == high:
        return _prompt("minute" if low == 1 else "minutes", language, minutes=str(low))
    return _prompt("between", language, low=str(low), high=str(high))


def callback_offer(offer: CallbackOffer, language: str) -> tuple[Prompt, ...]:
    """Return the flow's own words for the offer of a callback, ours where it has none."""
    spoken = _KEYS.get(_base(language), {}).get(offer.key, offer.key)
    return offer.prompts or (_prompt("callback", language, key=spoken),)


def callback_offered(offer: CallbackOffer, medium: str, language: str) -> Shown:
    """Return what somebody who waits in writing is shown of the offer of a callback."""
    words = _WORDS[_base(language)]
    ours = words["callback_chat"] if medium == "chat" else words["callback_text"].format(key=offer.key)
    lines = tuple(each.text for each in offer.prompts if each.text) or (ours,)
    buttons = (Button(words["callback_button"], offer.key),) if medium == "chat" else ()
    return Shown(lines, language, buttons)


def asks_for_callback(key: str, text: str, language: str) -> bool:
    """Whether what somebody writes who waits takes the offer: its key, or what stands on its button."""
    return text.strip(" .!").casefold() in (key, _WORDS[_base(language)]["callback_button"].casefold())


def prompts_for_waiting(flow: Flow) -> list[Prompt]:
    """Return what is told to those who wait in a flow's queues, as far as it can be made before anybody does."""
    queues = [step for step in flow.steps.values() if isinstance(step, QueueStep)]
    if "voice" not in flow.media or not queues:
        return []
    prompts: dict[Prompt, None] = {}
    for language in flow.languages or (flow.language,):
        if any("position" in step.while_waiting.announce for step in queues):
            prompts |= dict.fromkeys(place_in_line(place, language) for place in range(1, _READY_PLACES + 1))
        if any("wait" in step.while_waiting.announce for step in queues):
            steps = range(len(_MINUTES))
            ends = [(first, last) for first in steps for last in steps if first <= last <= first + _WIDEST]
            prompts |= dict.fromkeys(_between(first, last, language) for first, last in ends)
            prompts[_prompt("long", language)] = None
        offers = (step.offer_callback for step in queues)
        keys = {offer.key for offer in offers if offer is not None and offer.say is None}
        for key in sorted(keys):
            prompts |= dict.fromkeys(callback_offer(CallbackOffer(timedelta(), key, ()), language))
    return list(prompts)


def _prompt(word: str, language: str, **values: str) -> Prompt:
    base = _base(language)
    # A language without words of its own is spoken to in English, by an English voice.
    return Prompt(_WORDS[base][word].format(**values), language if base == base_of(language) else "en-GB")


def _base(language: str) -> str:
    base = base_of(language)
    return base if base in _WORDS else "en"
