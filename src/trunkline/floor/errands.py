"""What a flow wants of the world and nobody takes part in: look something up, find a customer, send words."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from trunkline.core.consent import Consent
from trunkline.core.customer import Customer
from trunkline.core.ids import InteractionId
from trunkline.core.interaction import Interaction
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.mail_address import is_mail_address
from trunkline.core.phone import e164
from trunkline.core.record import changed
from trunkline.floor.intake import TIMELINE_SHOWN
from trunkline.floor.state import Floor, Profile
from trunkline.flows.run import Run
from trunkline.flows.talk import (
    CustomerFound,
    Done,
    Fetch,
    Fetched,
    FetchFailed,
    FindCustomer,
    KeepConsent,
    Send,
    SendFailed,
    Sent,
    Value,
)
from trunkline.ports.fetcher import Fetcher
from trunkline.ports.store import Store

log = logging.getLogger(__name__)

Errand = Fetch | FindCustomer | Send | KeepConsent


class Messenger(Protocol):
    """Sends words to somebody who is not in the conversation."""

    async def send(self, want: Send, *, key: str) -> Sent | SendFailed:
        """Send once for each `key`; never raises for what the far end does."""


class Errands:
    """Runs errands of flows, whatever their medium, and writes down that it did."""

    def __init__(self, floor: Floor, store: Store, fetcher: Fetcher, messenger: Messenger) -> None:
        self._floor = floor
        self._store = store
        self._fetcher = fetcher
        self._messenger = messenger

    async def do(
        self, id_: InteractionId, run: Run, errand: Errand, *, key: str
    ) -> Fetched | FetchFailed | CustomerFound | Sent | SendFailed | Done:
        """Do one errand; returns how it came out. Unavailable when the database is away.

        `key` tells it from every other, and is the same again after a restart in the middle of it.
        """
        match errand:
            case Fetch():
                answer = await self._fetcher.fetch(errand, key=key)
                # Neither the address nor the answer: both may be about the caller.
                came = answer.status if isinstance(answer, Fetched) else answer.why
                self._note(Happened.WEB_SERVICE_ASKED, id_, {"step": run.step, "method": errand.method, "came": came})
                return answer
            case FindCustomer():
                return await self._find(id_, errand)
            case KeepConsent():
                self._keep_consent(id_, run, errand)
                return Done()
            case Send():
                sent = await self._messenger.send(errand, key=key)
                why = sent.why if isinstance(sent, SendFailed) else None
                self._note(Happened.MESSAGE_SENT, id_, {"step": run.step, "medium": errand.medium, "failed": why})
                return sent

    def _keep_consent(self, id_: InteractionId, run: Run, want: KeepConsent) -> None:
        interaction, at = self._floor.interaction(id_), self._floor.clock.now()
        address = self._address_of(interaction, want)
        if address is None:
            log.warning("a consent has no address", extra={"interaction": id_, "step": run.step})
            return
        consent = Consent(want.medium, address, want.purpose, want.given, at, f"{run.flow}/{run.step} of {id_}")
        facts = {"medium": want.medium, "purpose": want.purpose, "given": want.given, "by": f"{run.flow}/{run.step}"}
        self._floor.commit(consents=[consent], journal=[JournalEntry(Happened.CONSENT_CHANGED, at, id_, facts=facts)])

    def _address_of(self, interaction: Interaction, want: KeepConsent) -> str | None:
        """Return where somebody is written to on a medium: as the step says, else as they came."""
        if want.medium == "sms":
            number = want.to or interaction.address.e164 or ""
            return e164(number, self._floor.centre.region)
        if want.medium == "email":
            address = (want.to or interaction.address.raw).strip().lower()
            return address if is_mail_address(address) else None
        return want.to or interaction.address.raw or None

    async def _find(self, id_: InteractionId, want: FindCustomer) -> CustomerFound:
        interaction = self._floor.interaction(id_)
        address = want.value
        if want.by == "phone":
            address = e164(want.value, self._floor.centre.region) or want.value
        medium = "voice" if want.by == "phone" else want.by
        at = self._floor.clock.now()
        customer = await self._store.customer_at(address, medium=medium, name=want.name, at=at)
        timeline = await self._store.timeline(customer.id, at_most=TIMELINE_SHOWN)
        interaction = self._floor.interaction(id_)
        self._floor.profiles[id_] = Profile(customer, timeline)
        self._floor.commit(
            interactions=[changed(interaction, customer=customer.id)],
            journal=[JournalEntry(Happened.CUSTOMER_FOUND, at, id_, facts={"customer": customer.id})],
        )
        return CustomerFound(facts_of(customer))

    def _note(self, kind: Happened, id_: InteractionId, facts: Mapping[str, str | int | None]) -> None:
        self._floor.commit(journal=[JournalEntry(kind, self._floor.clock.now(), id_, facts=dict(facts))])


def errand_key(id_: InteractionId, run: Run) -> str:
    """Return the key of an errand on a line: since when the run has stood at its step tells it from every other."""
    since: datetime | None = run.path[-1].at if run.path else None
    return f"{id_}/{run.flow}/{run.step}/{since.isoformat() if since else ''}"


def facts_of(customer: Customer) -> Mapping[str, Value]:
    """Return what a flow can read of a customer: `name`, `tags`, and each tag `tier:gold` as `tier`."""
    named = (tag.partition(":") for tag in customer.tags)
    own = {key: value for key, colon, value in named if colon and key.isidentifier()}
    return {**own, "name": customer.name, "tags": list(customer.tags)}
