"""Our side of `ami_ingest`: the real floor behind the real AMI connection, with flows stood in for."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from benchmarks.replaying_ami import GO
from benchmarks.whole_calls import AGENTS, ASTERISK, agent_of, offer_of
from trunkline.clock import SystemClock
from trunkline.core import agent as agents
from trunkline.core.agent import PhoneKind, Presence, members
from trunkline.core.centre import AgentConfig, Centre, QueueConfig, Role
from trunkline.core.ids import AgentId, InteractionId, QueueId
from trunkline.core.interaction import Entry, Interaction, Offer, Stage, enqueue, offer_to
from trunkline.core.journal import Happened, JournalEntry
from trunkline.floor.agent import Desk
from trunkline.floor.callback import Callbacks
from trunkline.floor.conversation import Conversation
from trunkline.floor.deadlines import Deadlines
from trunkline.floor.dispatcher import Dispatcher
from trunkline.floor.hand_to_flow import HandToFlow
from trunkline.floor.intake import Intake
from trunkline.floor.ledger import Ledger
from trunkline.floor.recovery import Recovery
from trunkline.floor.room import Room
from trunkline.floor.runs import Runs
from trunkline.floor.self_service import SelfService
from trunkline.floor.speaking import Speaking
from trunkline.floor.state import Floor, Moved
from trunkline.floor.switchboard import Switchboard
from trunkline.floor.transfer import Transfers
from trunkline.floor.waiting import Waiting
from trunkline.flows.flow import Flow
from trunkline.flows.talk import Prompt
from trunkline.garbage import keep_garbage_short
from trunkline.ports.call_control import LineOpened
from trunkline.ports.store import AgentRecord, Change, SipCredentials
from trunkline.store.database import Database
from trunkline.store.postgres import PostgresStore
from trunkline.telephony.ami import Ami
from trunkline.telephony.calls import Calls
from trunkline.telephony.line import AgiLines
from trunkline.telephony.link import AmiAddress
from trunkline.telephony.translate import WANTED

_SALES = QueueId("sales")


class _AtOnce:
    """Stands in for SelfService and Dispatcher: who arrives is in a queue, and offered to the agent of the replay."""

    def __init__(self, floor: Floor, intake: Intake) -> None:
        self._floor, self._intake = floor, intake

    def attended(self) -> frozenset[InteractionId]:
        """Nobody is talked to."""
        return frozenset()

    def match_all(self) -> None:
        """Every offer is made already."""

    def line_opened(self, event: LineOpened) -> None:
        """Make the decisions that a flow and the dispatcher make, each with its journal."""
        arrived, at = self._intake.arrived(event), event.at
        number = int(event.call.id.uniqueid.rpartition(".")[2])
        id_, agent = arrived.id, AgentId(agent_of(number))
        waiting = enqueue(arrived, Entry(_SALES, since=at), at=at)
        facts = {"queue": _SALES, "priority": 0}
        self._floor.commit(interactions=[waiting], journal=[JournalEntry(Happened.QUEUED, at, id_, facts=facts)])
        offer = Offer(offer_of(number), agent, since=at, expires_at=at + timedelta(minutes=10))
        offered = {"offer": offer.id, "queue": _SALES, "waited_s": 0.0, "idle_s": 0.0}
        self._floor.commit(
            interactions=[offer_to(waiting, offer)],
            agents=[agents.take(self._floor.agent(agent), id_, "voice", at=at)],
            journal=[JournalEntry(Happened.OFFERED, at, id_, agent, offered)],
        )

    def left_flow(self, interaction: Interaction, *, at: datetime) -> None:
        """Nobody hangs up in a flow here."""
        raise AssertionError(f"{interaction.id} left a flow")


class _Finish:
    """Ends the wrap-up of each call whose caller is off the line, and counts the calls that are done."""

    def __init__(self, floor: Floor, desk: Desk, calls: int) -> None:
        self._desk, self._left = desk, calls
        self.over = asyncio.Event()
        floor.watchers.append(self.look)

    def look(self, moved: Moved) -> None:
        for _, new in moved.interactions:
            if new.stage is Stage.WRAP_UP and new.call is None:
                self._desk.wrap_up_over(new.id)
            elif new.stage is Stage.ENDED:
                self._left -= 1
                if self._left == 0:
                    self.over.set()


class _NoFlows:
    """Stands in for the library: no call of the replay is in a flow."""

    flows: Mapping[str, Flow] = {}

    def flow_for(self, _dialled: str) -> Flow | None:
        """Return none."""
        return None

    def flow_on(self, _channel: str) -> Flow | None:
        """Return none."""
        return None

    def version(self, _name: str, _version: str) -> Flow | None:
        """Return none."""
        return None


class _NoSounds:
    """Stands in for the synthesizer: nobody is spoken to."""

    async def make(self, _prompts: Sequence[Prompt]) -> None:
        """Make nothing."""

    def sound_for(self, _prompt: Prompt) -> Path | None:
        """Return none."""
        return None


def _centre() -> Centre:
    queue = QueueConfig("Sales", timedelta(seconds=20), timedelta(minutes=10), "default", None)
    people = {
        AgentId(agent_of(each)): AgentConfig(agent_of(each), members([_SALES]), Role.AGENT) for each in range(AGENTS)
    }
    return Centre("Acme", "GB", "en-GB", {_SALES: queue}, {}, (), (), people)


async def _floor(store: PostgresStore, at: datetime) -> Floor:
    """Return a floor whose agents are ready at their phones, with nothing of the round before in it."""
    floor = Floor(Ledger(store), SystemClock(), _centre())
    records = [
        AgentRecord(id_, each.name, each.role.value, frozenset(each.queues), SipCredentials("0" * 32, "0" * 32))
        for id_, each in floor.centre.agents.items()
    ]
    await store.put_agents(records, at=at)
    floor.load(await store.load())
    assert not floor.interactions, "the round before left something"
    return floor


class _HeldStore(PostgresStore):
    """The real store, which takes nothing while the journal's queue is what is measured."""

    open: asyncio.Event

    async def save(self, changes: Sequence[Change]) -> None:
        """Wait until the store is open, then save."""
        await self.open.wait()
        await super().save(changes)


async def ingest(port: int, calls: int, url: str, *, at: datetime, within: timedelta) -> dict[str, float]:
    """Take the replay in; return the seconds until all was in the journal's queue, and until all was durable."""
    async with Database(url) as database:
        await database.rows("TRUNCATE interaction, journal")
        store = _HeldStore(database)
        store.open = asyncio.Event()
        store.open.set()
        floor = await _floor(store, at)
        ami = Ami(AmiAddress("127.0.0.1", port, "bench", "bench"), wanted=WANTED, now=floor.clock.now)
        switch = Calls(ami, ASTERISK)
        lines = AgiLines(ami, str)
        intake = Intake(floor, store)
        at_once = _AtOnce(floor, intake)
        conversation = Conversation(floor, switch, at_once.left_flow, Room(floor.clock))
        desk = Desk(floor, switch, conversation)
        service, dispatcher = cast("SelfService", at_once), cast("Dispatcher", at_once)
        runs, speaking = Runs(floor, _NoFlows()), Speaking(_NoSounds(), floor.clock)
        callbacks, transfers = Callbacks(floor, switch, intake, runs), Transfers(floor, switch, runs)
        Deadlines(floor, waited_enough=_never, ring_out=_never, end_wrap_up=_never, call_back=_never)
        recovery = Recovery(
            floor, switch, conversation=conversation, self_service=service, callbacks=callbacks, transfers=transfers,
            intake=intake, dispatcher=dispatcher,
        )  # fmt: skip
        switchboard = Switchboard(
            floor, conversation=conversation, self_service=service, callbacks=callbacks, transfers=transfers,
            to_flow=HandToFlow(floor, runs, switch), waiting=Waiting(floor, switch, runs, speaking), recovery=recovery,
        )  # fmt: skip
        finish = _Finish(floor, desk, calls)
        for id_ in floor.agents:
            shown = agents.show(floor.agents[id_], Presence.READY, None, at=at)
            floor.commit(agents=[shown])
            assert shown.phone in PhoneKind
        parts = [
            asyncio.ensure_future(each) for each in (ami.run(), floor.ledger.run(), switchboard.run(switch.events()))
        ]
        try:
            async with asyncio.timeout(within.total_seconds()):
                while not floor.settled:  # noqa: ASYNC110 - not in what is measured
                    await asyncio.sleep(0.01)
                store.open.clear()
                keep_garbage_short()  # as the service does once it is made
                began = time.perf_counter()
                await ami.act({"Action": "UserEvent", "UserEvent": GO})
                await finish.over.wait()
                decided = time.perf_counter() - began
                store.open.set()
                await floor.commit()
                durable = time.perf_counter() - began
        finally:
            for each in parts:
                each.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
        await _check(database, calls)
        assert lines.ami is ami
        return {"decided_s": decided, "durable_s": durable}


def _never(id_: InteractionId) -> None:
    raise AssertionError(f"a deadline of {id_} came")


async def _check(database: Database, calls: int) -> None:
    """A rate counts only when what should be stored is stored."""
    ended = await database.row("SELECT count(*) AS n FROM interaction WHERE stage = 'ended' AND outcome = 'handled'")
    kinds = await database.rows(
        "SELECT kind, count(*) AS n FROM journal WHERE interaction_id IS NOT NULL GROUP BY kind"
    )
    wanted = {"arrived", "queued", "offered", "ringing", "accepted", "talk_ended", "wrap_up_timed_out"}
    found = {row["kind"]: row["n"] for row in kinds}
    if ended is None or ended["n"] != calls or found != dict.fromkeys(wanted, calls):
        raise AssertionError(f"of {calls} calls {ended} ended; the journal holds {found}")
