"""Who waits in writing: when they are offered to be called back, whether they take it, and the place they keep."""

from dataclasses import replace
from datetime import datetime

from trunkline.core.interaction import Entry, Interaction
from trunkline.flows.place import asks_for_callback
from trunkline.flows.talk import Enqueue


def offer_due(want: Enqueue, *, at: datetime, may: bool) -> tuple[str | None, datetime | None]:
    """Return the key of a callback's offer, and when it is made; `may`: whether somebody could be called back."""
    offer = want.offer_callback
    # What cannot be kept is not offered.
    if offer is None or not (may or offer.asks_first):
        return None, None
    return offer.key, at + offer.after


def takes_offer(interaction: Interaction, text: str, language: str) -> bool:
    """Whether somebody who waits asks to be called back: by the words of an offer that was made to them."""
    entry = interaction.entry
    if entry is None or entry.callback_key is None:
        return False
    return asks_for_callback(entry.callback_key, text, language)


def with_place(interaction: Interaction, entry: Entry) -> Entry:
    """Return an entry at the place that was kept in its queue, where there is one."""
    kept = interaction.place
    return replace(entry, since=kept.since) if kept is not None and kept.queue == entry.queue else entry
