"""What a waiting caller is told about where they stand, in English and Spanish; other languages get English."""

from datetime import timedelta

from trunkline.flows.flow import Flow
from trunkline.flows.readout import base_of
from trunkline.flows.steps.queue import QueueStep
from trunkline.flows.talk import CallbackOffer, Prompt

LONGEST_TOLD = timedelta(minutes=60)
"""A longer wait is told as more than this."""
_READY_PLACES = 20
_WORDS = {
    "en": {
        "next": "You are next in line.",
        "place": "You are number {place} in line.",
        "minute": "The expected wait is about one minute.",
        "minutes": "The expected wait is about {minutes} minutes.",
        "long": "The expected wait is more than an hour.",
        "callback": "If you would like us to call you back without losing your place, press {key}.",
    },
    "es": {
        "next": "Es usted el siguiente.",
        "place": "Es usted el número {place} en la cola.",
        "minute": "El tiempo de espera es de aproximadamente un minuto.",
        "minutes": "El tiempo de espera es de aproximadamente {minutes} minutos.",
        "long": "El tiempo de espera es de más de una hora.",
        "callback": "Si prefiere que le llamemos sin perder su turno, pulse {key}.",
    },
}
_KEYS = {"en": {"*": "star", "#": "hash"}, "es": {"*": "asterisco", "#": "almohadilla"}}


def place_in_line(position: int, language: str) -> Prompt:
    """Return the words for a place; 1 is next."""
    return _prompt("next" if position == 1 else "place", language, place=str(position))


def expected(wait: timedelta, language: str) -> Prompt:
    """Return the words for a wait, in whole minutes, one at least."""
    minutes = max(1, round(wait.total_seconds() / 60))
    if minutes > LONGEST_TOLD.total_seconds() / 60:
        return _prompt("long", language)
    return _prompt("minute" if minutes == 1 else "minutes", language, minutes=str(minutes))


def callback_offer(offer: CallbackOffer, language: str) -> tuple[Prompt, ...]:
    """Return the flow's own words for the offer of a callback, ours where it has none."""
    spoken = _KEYS.get(_base(language), {}).get(offer.key, offer.key)
    return offer.prompts or (_prompt("callback", language, key=spoken),)


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
            minutes = range(1, round(LONGEST_TOLD.total_seconds() / 60) + 2)
            prompts |= dict.fromkeys(expected(timedelta(minutes=each), language) for each in minutes)
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
