"""Which legs ring, or were answered, for which caller: what ends the others once one of them has the caller. Pure."""

from dataclasses import dataclass, field

from trunkline.core.call import Call, Picture
from trunkline.core.ids import InteractionId, OfferId, interaction_id_of


@dataclass(slots=True)
class Legs:
    """The legs of offers that live, by the interaction that they are for."""

    _of: dict[OfferId, InteractionId] = field(default_factory=dict)
    _callers: dict[OfferId, Call] = field(default_factory=dict)
    _for: dict[InteractionId, set[OfferId]] = field(default_factory=dict)

    def rung(self, offer: OfferId, interaction: InteractionId, call: Call | None) -> None:
        """Take note of a leg; `call` is the caller's, where that is known."""
        self._of[offer] = interaction
        self._for.setdefault(interaction, set()).add(offer)
        if call is not None:
            self._callers[offer] = call

    def ended(self, offer: OfferId) -> None:
        """Forget a leg."""
        self._callers.pop(offer, None)
        interaction = self._of.pop(offer, None)
        if interaction is not None:
            others = self._for[interaction]
            others.discard(offer)
            if not others:
                del self._for[interaction]

    def learn(self, picture: Picture) -> None:
        """Take over the legs that a picture shows, and no others: events were missed."""
        known = dict(self._of)
        calls = {interaction_id_of(seen.call.id): seen.call for seen in picture.callers}
        for seen in picture.agent_legs:
            if known.pop(seen.offer, None) is None and seen.interaction is not None:
                self.rung(seen.offer, seen.interaction, calls.get(seen.interaction))
        for gone in known:
            self.ended(gone)

    def others(self, offer: OfferId) -> list[OfferId]:
        """Return the other legs for the same caller."""
        interaction = self._of.get(offer)
        return sorted(self._for[interaction] - {offer}) if interaction is not None else []

    def caller_of(self, offer: OfferId) -> Call | None:
        """Return the caller whom a leg rings for."""
        return self._callers.get(offer)
