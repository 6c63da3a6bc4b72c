"""A caller arrives: they become an interaction, and we find out who they are while the flow greets them."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from trunkline.core.call import Call
from trunkline.core.customer import Contact, Customer, PastInteraction
from trunkline.core.errors import Unavailable
from trunkline.core.ids import InteractionId, interaction_id_of
from trunkline.core.interaction import Interaction, Stage, arrive
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.phone import address_of
from trunkline.floor.state import Floor, Moved, Profile
from trunkline.ports.call_control import LineOpened
from trunkline.ports.store import Store

log = logging.getLogger(__name__)

WHO_WITHIN = timedelta(seconds=1)
"""How long a flow waits for who somebody is: it may greet by name, or let gold customers go first."""
TIMELINE_SHOWN = 30
_PATIENCE_S = 5.0
_AT_ONCE = 64
LOOK_EVERY_S = 0.02
"""What the service gathers by: those who come within it share a look. In a quiet moment there is none to wait for."""
_BREATH_S = 0.005
"""Between two profiles that nobody asks for yet: whoever calls now comes first."""


class Intake:
    """Makes interactions of callers, and fetches the profile that the desk will show at the offer."""

    def __init__(self, floor: Floor, store: Store, *, look_every_s: float = 0.0) -> None:
        """`look_every_s`: so long after each look those who come are gathered for the next."""
        self._look_every_s = look_every_s
        self._floor = floor
        self._store = store
        self._wanted: asyncio.Queue[InteractionId] = asyncio.Queue()
        self._looked: dict[InteractionId, asyncio.Event] = {}
        self._later: OrderedDict[InteractionId, None] = OrderedDict()
        self._somebody_later = asyncio.Event()
        floor.watchers.append(self._watch)

    async def run(self) -> None:
        """Look profiles up until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._look_up())
            tasks.create_task(self._catch_up())

    def identify(self, id_: InteractionId) -> None:
        """Have the profile of an interaction found; the desk is told when it is."""
        self._looked.setdefault(id_, asyncio.Event())
        self._wanted.put_nowait(id_)

    def identify_later(self, ids: Iterable[InteractionId]) -> None:
        """Have these profiles found when there is time, one after the other; one that is offered is found at once."""
        self._later.update(dict.fromkeys(ids))
        self._somebody_later.set()

    async def known(self, id_: InteractionId, *, within: timedelta) -> None:
        """Return once the profile of an interaction is found, or cannot be, or the time is over."""
        looked = self._looked.get(id_)
        if looked is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(within.total_seconds()):
                    await looked.wait()

    def arrived(self, event: LineOpened) -> Interaction:
        """Return the interaction of this call: the one that is known, or a new one, durable soon."""
        known = self._floor.of_call(event.call.id)
        if known is not None:
            return known
        address = address_of(event.caller, self._floor.centre.region)
        interaction = arrive(
            interaction_id_of(event.call.id),
            event.call,
            address,
            event.caller_name,
            event.dialled,
            event.trunk,
            at=event.at,
        )
        facts = {"dialled": event.dialled, "trunk": event.trunk, "channel": _channel(event.call)}
        self._floor.commit(
            interactions=[interaction], journal=[JournalEntry(Happened.ARRIVED, event.at, interaction.id, facts=facts)]
        )
        return interaction

    def _watch(self, moved: Moved) -> None:
        for _, interaction in moved.interactions if self._later else ():
            if interaction.stage is Stage.OFFERED and interaction.id in self._later:
                del self._later[interaction.id]
                self.identify(interaction.id)

    async def _catch_up(self) -> None:
        while True:
            await self._somebody_later.wait()
            self._somebody_later.clear()
            while self._later:
                id_, _ = self._later.popitem(last=False)
                if id_ not in self._floor.profiles:
                    await self._find([id_])
                    await asyncio.sleep(_BREATH_S)

    async def _look_up(self) -> None:
        while True:
            ids = [await self._wanted.get()]
            while not self._wanted.empty() and len(ids) < _AT_ONCE:
                ids.append(self._wanted.get_nowait())
            await self._find(ids)
            await asyncio.sleep(self._look_every_s)

    async def _find(self, ids: Sequence[InteractionId]) -> None:
        """Find the customers of interactions and their history; without a database the desk shows the number."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._identify(ids)
        except (Unavailable, TimeoutError) as fault:
            log.warning("callers' profiles were not found in time", extra={"interactions": ids, "why": str(fault)})
        except Exception:
            log.exception("callers' profiles were not found", extra={"interactions": ids})
        finally:
            for id_ in ids:
                if (looked := self._looked.pop(id_, None)) is not None:
                    looked.set()

    async def _identify(self, ids: Sequence[InteractionId]) -> None:
        known = {id_: self._floor.interactions[id_] for id_ in ids if id_ in self._floor.interactions}
        customers = await self._customers_of(list(known.values()))
        timelines = await asyncio.gather(*map(self._timeline_of, customers.values()))
        for (id_, customer), timeline in zip(customers.items(), timelines, strict=True):
            linked, interaction = known[id_].customer, self._floor.interactions.get(id_)
            if interaction is None or interaction.customer != linked:
                continue  # over, or its flow has found meanwhile who it is: that is more than an address tells
            self._floor.profiles[id_] = Profile(customer, timeline)
            self._floor.commit(interactions=[replace(interaction, customer=customer.id)])

    async def _timeline_of(self, customer: Customer) -> Sequence[PastInteraction]:
        return [] if customer.is_new else await self._store.timeline(customer.id, at_most=TIMELINE_SHOWN)

    async def _customers_of(self, interactions: Sequence[Interaction]) -> Mapping[InteractionId, Customer]:
        """Return who each is known to be, else who has its address; nobody for an address that is none."""
        found = {
            each.id: customer
            for each in interactions
            if each.customer is not None and (customer := await self._store.customer(each.customer)) is not None
        }
        others = [each for each in interactions if each.id not in found and not each.address.anonymous]
        contacts = [_contact_of(each) for each in others]
        at_these = await self._store.customers_at(contacts) if contacts else ()
        return found | {each.id: customer for each, customer in zip(others, at_these, strict=True)}


def _contact_of(interaction: Interaction) -> Contact:
    """Return by what somebody is known: by their number they are the same on the telephone and in writing."""
    number = interaction.address.e164
    return Contact(
        number or interaction.address.raw, "voice" if number is not None else interaction.medium, interaction.arrived_at
    )


def _channel(call: Call) -> str:
    return str(call.id)
