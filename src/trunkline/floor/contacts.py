"""What admins write down for people who tell it by phone or letter: do-not-contact, and consents."""

from trunkline.core.consent import Consent, Wish
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.opt_out import OptOut
from trunkline.floor.ledger import Written
from trunkline.floor.state import Floor
from trunkline.ports.store import Store


class Contacts:
    """Takes over what was written down beside the service: it alone changes what it decides by."""

    def __init__(self, floor: Floor, store: Store) -> None:
        self._floor = floor
        self._store = store

    async def follow(self) -> None:
        """Take over what was written down since; returns once it is durable. Raises Unavailable."""
        for wish in await self._store.wishes():
            await self._take(wish)

    def _take(self, wish: Wish) -> Written:
        at, facts = self._floor.clock.now(), {"by": wish.by, "medium": wish.medium, "told_at": wish.at.isoformat()}
        opt_outs, consents = list[OptOut](), list[Consent]()
        if wish.purpose is None:
            kind = Happened.OPTED_IN if wish.wanted else Happened.OPTED_OUT
            opt_outs.append(OptOut(wish.medium, wish.address, at, ended=wish.wanted))
        else:
            kind, how = Happened.CONSENT_CHANGED, f"written down by {wish.by}"
            consents.append(Consent(wish.medium, wish.address, wish.purpose, wish.wanted, at, how))
        told = {**facts, "pii.address": wish.address, "purpose": wish.purpose, "given": wish.wanted}
        # In one transaction with their end as wishes, so that each is in the journal once.
        return self._floor.commit(
            opt_outs=opt_outs, consents=consents, journal=[JournalEntry(kind, at, facts=told)], wishes_done=[wish.id]
        )
