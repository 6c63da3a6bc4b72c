"""A caller arrives: they become an interaction, and we find out who they are while the flow greets them."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from trunkline.core.call import Call
from trunkline.core.customer import Customer
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
_AT_ONCE = 4
_BREATH_S = 0.005
"""Between two profiles that nobody asks for yet: whoever calls now comes first."""


class Intake:
    """Makes interactions of callers, and fetches the profile that the desk will show at the offer."""

    def __init__(self, floor: Floor, store: Store) -> None:
        self._floor = floor
        self._store = store
        self._wanted: asyncio.Queue[InteractionId] = asyncio.Queue()
        self._looked: dict[InteractionId, asyncio.Event] = {}
        self._later: OrderedDict[InteractionId, None] = OrderedDict()
        self._somebody_later = asyncio.Event()
        floor.watchers.append(self._watch)

    async def run(self) -> None:
        """Look profiles up until cancelled, a few at a time."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(_AT_ONCE):
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
                    await self._find(id_)
                    await asyncio.sleep(_BREATH_S)

    async def _look_up(self) -> None:
        while True:
            await self._find(await self._wanted.get())

    async def _find(self, id_: InteractionId) -> None:
        """Find the customer of an interaction and their history; without a database the desk shows the number."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._identify(id_)
        except (Unavailable, TimeoutError) as fault:
            log.warning("the caller's profile was not found in time", extra={"interaction": id_, "why": str(fault)})
        except Exception:
            log.exception("the caller's profile was not found", extra={"interaction": id_})
        finally:
            if (looked := self._looked.pop(id_, None)) is not None:
                looked.set()

    async def _identify(self, id_: InteractionId) -> None:
        interaction = self._floor.interactions.get(id_)
        customer = await self._customer_of(interaction) if interaction is not None else None
        if interaction is None or customer is None:
            return
        timeline = [] if customer.is_new else await self._store.timeline(customer.id, at_most=TIMELINE_SHOWN)
        linked, interaction = interaction.customer, self._floor.interactions.get(id_)
        if interaction is None or interaction.customer != linked:
            return  # over, or its flow has found meanwhile who it is: that is more than an address tells
        self._floor.profiles[id_] = Profile(customer, timeline)
        self._floor.commit(interactions=[replace(interaction, customer=customer.id)])

    async def _customer_of(self, interaction: Interaction) -> Customer | None:
        """Return who it is known to be, else who has its address; None for nobody."""
        known = await self._store.customer(interaction.customer) if interaction.customer is not None else None
        if known is not None or interaction.address.anonymous:
            return known
        address = interaction.address.e164 or interaction.address.raw
        return await self._store.customer_at(address, medium=interaction.medium, name=None, at=interaction.arrived_at)


def _channel(call: Call) -> str:
    return str(call.id)
