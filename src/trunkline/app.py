"""The composition root: the only module that knows everybody. It makes the parts, and owns every task."""

import asyncio
import logging
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from datetime import UTC, timedelta
from functools import partial

from aiohttp import web

from trunkline import processes, secrets
from trunkline.accounts import DemoPasswords, agent_records, sip_account
from trunkline.clock import SystemClock
from trunkline.core.agent import Presence
from trunkline.core.capacity import TEXT_MEDIA
from trunkline.core.centre import Centre
from trunkline.core.centre_version import CentreVersion
from trunkline.core.errors import Misconfigured, Unavailable
from trunkline.core.ids import AsteriskId
from trunkline.doors import doors
from trunkline.fetch.fetcher import HttpFetcher
from trunkline.floor import roster
from trunkline.floor.administration import Administration, Archive
from trunkline.floor.agent import Desk
from trunkline.floor.at_steps import AtSteps
from trunkline.floor.back_off import BackOff
from trunkline.floor.callback import Callbacks
from trunkline.floor.conversation import Conversation
from trunkline.floor.deadlines import Deadlines, by_medium
from trunkline.floor.dispatcher import Dispatcher
from trunkline.floor.errands import Errands
from trunkline.floor.fallback import FallbackMessages
from trunkline.floor.flow_board import FlowBoard
from trunkline.floor.flow_tests import FlowTests
from trunkline.floor.hand_to_flow import HandToFlow
from trunkline.floor.helping import Helping
from trunkline.floor.hub import Hub
from trunkline.floor.intake import LOOK_EVERY_S, Intake
from trunkline.floor.lease import Tenure, TookOver, took_over_entry
from trunkline.floor.ledger import GATHERING, Ledger
from trunkline.floor.opening import OpeningTimes
from trunkline.floor.places import when_waited_enough
from trunkline.floor.recovery import Recovery
from trunkline.floor.roll_calls import RollCalls
from trunkline.floor.room import Room
from trunkline.floor.runs import Runs
from trunkline.floor.self_service import NOT_IN_SERVICE, SORRY, SelfService
from trunkline.floor.speaking import Speaking
from trunkline.floor.state import Floor
from trunkline.floor.switchboard import Switchboard
from trunkline.floor.transfer import Transfers
from trunkline.floor.voicemail import Voicemails
from trunkline.floor.waiting import Waiting
from trunkline.flows.document import bytes_of, document_of, mark_of
from trunkline.flows.library import Library
from trunkline.flows.place import prompts_for_waiting
from trunkline.flows.problem import Problem, Severity
from trunkline.flows.prompts import prompts_of, whispers_of
from trunkline.garbage import keep_garbage_short
from trunkline.logs import log_to
from trunkline.ports.store import Fenced, Health
from trunkline.settings import Settings
from trunkline.speech.synthesizer import CommandSynthesizer
from trunkline.store.embedded import dsn
from trunkline.store.postgres import PostgresStore
from trunkline.store.ready import store_on
from trunkline.telephony.ami import Ami
from trunkline.telephony.calls import Calls
from trunkline.telephony.line import AgiLines
from trunkline.telephony.link import AmiAddress
from trunkline.telephony.provision import look_at_trunks
from trunkline.telephony.shared import shared_folders
from trunkline.telephony.translate import WANTED
from trunkline.telephony.trunks import routes_of
from trunkline.texts import Written
from trunkline.trials import round_of_tests
from trunkline.web.tls import server_tls

log = logging.getLogger(__name__)

HEARTBEAT_S = 5.0
LOOK_S, FILES_LOOK_S = 0.5, 1.0
"""How often the parts' health and the files are looked at."""
DATABASE_LOOK = timedelta(seconds=2)
"""How often the database is asked whether it is there; a connection that breaks is asked about at once."""
_WAITS_REMEMBERED = 5_000
_DATABASE_WITHIN = timedelta(seconds=30)


async def serve(settings: Settings) -> None:
    """Run the service until cancelled: stand by while another process serves, and again once one has taken over."""
    log_to(settings.log_file, settings.log_level)
    log.info("service is up")
    while True:
        try:
            async with AsyncExitStack() as stack:
                service = await _Service.made(settings, stack)
                keep_garbage_short()
                await service.run()
        except* Fenced:
            # What this process knows of the calls may be wrong by now, so nothing of it is kept.
            log.warning("another process has taken over: standing by")


class _Service:
    """Every part of one service process, wired together, from standing by to the end of serving."""

    def __init__(self, settings: Settings, centre: Centre, store: PostgresStore, archive: Archive) -> None:
        self.settings = settings
        self.store = store
        self.clock = archive.clock
        self.shared = shared_folders(settings.data_dir)
        self.voicemails = self.shared.recordings / "voicemail"
        self.sounds = CommandSynthesizer(
            self.shared.sounds, settings.flows_dir / "prompts", prefix=self.shared.speak, inside=self.shared.inside
        )
        self.library = Library(settings.flows_dir, kept=settings.data_dir / "flows")
        address = AmiAddress(settings.ami_host, settings.ami_port, settings.ami_user, secrets.ami_secret(settings))
        self.tenure = Tenure(store, processes.ourselves().name, is_known_dead=processes.is_known_dead)
        self.serving = False
        """Whether we have the lease, and know of everything that was under way."""
        self._centre_in_hand = asyncio.Lock()
        self.demo_passwords = DemoPasswords(settings, store)
        may_act, until = self.tenure.holds, self.tenure.held
        self.ami = Ami(address, wanted=WANTED, now=self.clock.now, may_act=may_act, until_may_act=until)
        # A trunk with a mistake in it calls nobody: the start has told of it.
        routes = routes_of(look_at_trunks(settings.trunks_file, os.environ)[0])
        self.calls = Calls(self.ami, AsteriskId(settings.asterisk_id), inside=self.shared.inside, routes=routes)
        self.ledger = Ledger(store, self.tenure, gathering=GATHERING)
        self.floor = Floor(self.ledger, self.clock, centre)
        self.at_steps = AtSteps(self.floor)
        self.administration = Administration(self.floor, archive, self.library, self._take_over)
        self.flow_tests = FlowTests(partial(round_of_tests, settings.flows_dir, settings.centre_in_force))
        self.flow_board = FlowBoard(self.library, self.flow_tests)
        self._flows_are_due = False
        self.health = {"database": Health(ready=False, detail="starting")}
        self.room = Room(self.clock)
        self.written = Written(settings, store, self.floor, until_may_act=until)
        self._wire()

    def _wire(self) -> None:
        floor, calls, store = self.floor, self.calls, self.store
        self.intake = Intake(floor, store, look_every_s=LOOK_EVERY_S)
        runs, speaking = Runs(floor, self.library), Speaking(self.sounds, self.clock)
        voicemails = Voicemails(floor, runs, speaking, self.voicemails)
        self.callbacks = Callbacks(floor, calls, self.intake, runs)
        transfers = Transfers(floor, calls, runs)
        fetcher = HttpFetcher(self.settings.http_allowed_hosts)
        errands = Errands(floor, store, fetcher, self.written.messenger)
        self.self_service = SelfService(
            floor, calls, intake=self.intake, runs=runs, speaking=speaking, errands=errands, callbacks=self.callbacks,
            transfers=transfers, voicemails=voicemails, lines=AgiLines(self.ami, self.shared.inside).open,
        )  # fmt: skip
        conversation = Conversation(floor, calls, voicemails.left_flow, self.room)
        self.texts, self.text_desk = self.written.served(
            intake=self.intake, runs=runs, errands=errands, callbacks=self.callbacks, conversation=conversation
        )
        self.fallback = FallbackMessages(
            floor, calls, store, intake=self.intake, left_in=self.shared.recordings / "fallback",
            kept_in=self.voicemails,
        )  # fmt: skip
        self.desk, self.to_flow = Desk(floor, calls, conversation), HandToFlow(floor, runs, calls)
        self.desk.follow_ups = self.written.follow_ups.planned
        self.deadlines = Deadlines(
            floor, ring_out=conversation.rang_out, end_wrap_up=self.desk.wrap_up_over,
            call_back=by_medium(
                floor, {"voice": self.callbacks.due, **dict.fromkeys(TEXT_MEDIA, self.texts.follow_up)}
            ),
            waited_enough=when_waited_enough(floor, by_medium(
                floor, {"voice": self.self_service.overflow, **dict.fromkeys(TEXT_MEDIA, self.texts.overflow)}
            )),
        )  # fmt: skip
        self.back_off, self.opening = BackOff(floor), OpeningTimes(floor)
        dispatcher = Dispatcher(floor, calls, self.room, sound_for=self.sounds.sound_for)
        self.waiting = Waiting(floor, calls, runs, speaking)
        recovery = Recovery(
            floor, calls, conversation=conversation, self_service=self.self_service, callbacks=self.callbacks,
            transfers=transfers, intake=self.intake, dispatcher=dispatcher,
        )  # fmt: skip
        self.switchboard = Switchboard(
            floor, conversation=conversation, self_service=self.self_service, callbacks=self.callbacks,
            transfers=transfers, to_flow=self.to_flow, waiting=self.waiting, recovery=recovery,
        )  # fmt: skip
        self.hub = Hub(
            floor, store, sip_account=partial(sip_account, self.settings), parts=self.parts,
            zone=floor.centre.zone or UTC, at_steps=self.at_steps, flows=self.flow_board,
            levels=self.written.levels,
        )  # fmt: skip
        self.helping = Helping(floor, self.hub, self.texts)
        self.flow_board.changed = self.hub.flows_changed
        self.ledger.listeners += [self.written.published, self.hub.published]
        self.ledger.outcome_unknown = self.switchboard.outcome_unknown
        self.hub.desk_count_changed = self.desk.desks
        self.texts.customer_writes = self.hub.customer_writes

    @classmethod
    async def made(cls, settings: Settings, stack: AsyncExitStack) -> "_Service":
        """Return the service with its database migrated, and all that can be made ready before it serves."""
        file, name = bytes_of(settings.centre_file), str(settings.centre_file)
        try:
            store = await store_on(dsn(settings), stack, within=_DATABASE_WITHIN, report=log.warning)
        except (Misconfigured, Unavailable) as fault:
            # Whoever mends the database should not find the next mistake after it.
            wrong = [file] if isinstance(file, Problem) else document_of(file, name)[1]
            raise type(fault)("\n".join(map(str, (*wrong, fault)))) from fault
        archive = Archive(store, SystemClock())
        centre = await archive.open(file, name)
        service = cls(settings, centre, store, archive)
        await service.demo_passwords.look(centre.agents)
        service._note_what_is_in_force(service.administration.in_force)
        await service._load_flows()
        return service

    async def run(self) -> None:
        """Stand by until we have the lease, then do everything, until cancelled; raises Fenced when it is taken."""
        runner = web.AppRunner(self._web(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            tls = server_tls(self.settings.tls_cert, self.settings.tls_key)
            await web.TCPSite(runner, self.settings.http_host, self.settings.http_port, ssl_context=tls).start()
            async with asyncio.TaskGroup() as tasks:
                for work in (self._watch_files(), self._watch_database(), self._watch_parts()):
                    tasks.create_task(work)
                took_over = await self.tenure.take()
                tasks.create_task(self.tenure.keep())
                await self._begin_to_serve(took_over)
                for work in (
                    self.ledger.run(), self.ami.run(), self.switchboard.run(self.calls.events()),
                    self.self_service.run(), self.texts.run(), self.intake.run(), self.hub.run(), self.fallback.run(),
                    self.flow_tests.run(), self._heartbeat(), self.written.run(),
                ):  # fmt: skip
                    tasks.create_task(work)
        finally:
            self.serving = False
            await self.ledger.finish()
            await asyncio.gather(self.tenure.give_back(), runner.cleanup())

    async def _begin_to_serve(self, from_: TookOver) -> None:
        """Know everything that was under way, as it was last written."""
        async with self._centre_in_hand:
            while not self.serving:
                try:
                    await self._put_agents(self.floor.centre)
                    self.floor.load(situation := await self.store.load())
                    self.written.loaded()
                    log.info("floor loaded", extra={"interactions": len(self.floor.interactions)})
                    now = self.clock.now()
                    self.waiting.begin(
                        await self.store.waits(since=now - timedelta(days=1), until=now, at_most=_WAITS_REMEMBERED)
                    )
                    self.serving = True
                except Unavailable as fault:
                    log.warning("the takeover waits for the database", extra={"why": str(fault)})
                    await asyncio.sleep(LOOK_S)
        await self.written.begin(situation.outgoing)
        self.callbacks.know_all()
        self.at_steps.recount()
        self.deadlines.follow_all()
        self.back_off.follow_all()
        self.opening.begin()
        RollCalls(self.floor).begin()
        for agent in self.floor.agents.values():
            if agent.presence is not Presence.OFFLINE:
                self.desk.desks(agent.id, 0)  # they have a minute to come back to their desks
        self.floor.commit(journal=[took_over_entry(from_, at=self.clock.now())])
        log.info("serving", extra={"token": from_.token, "why": from_.why})

    # --- what goes on beside the calls ---

    async def _heartbeat(self) -> None:
        while True:
            # Without a database nothing can be decided: callers are better served by the switch's own fallback then.
            if self.floor.settled and self.ledger.health().ready and self.tenure.holds():
                try:
                    await self.calls.heartbeat()
                except Unavailable as fault:
                    log.warning("the switch did not take our heartbeat", extra={"why": str(fault)})
            await asyncio.sleep(HEARTBEAT_S if self.floor.settled else LOOK_S)

    async def _watch_files(self) -> None:
        """See what was saved; what the database cannot take now waits."""
        file = self.settings.centre_file
        mark = mark_of(file)
        while True:
            await asyncio.sleep(FILES_LOOK_S)
            now, flows_changed = await asyncio.to_thread(lambda: (mark_of(file), self.library.changed()))
            try:
                if now != mark:
                    await self.administration.file_saved(await asyncio.to_thread(bytes_of, file), str(file))
                    mark = now
            except Unavailable as fault:
                log.warning("another centre waits for the database", extra={"why": str(fault)})
            self.health["centre"] = self.administration.health()
            if self._flows_are_due or flows_changed:
                self._flows_are_due = False
                await self._load_flows()

    async def _take_over(self, centre: Centre, version: CentreVersion) -> None:
        """Make another centre true; the flows are read in it at the next look."""
        async with self._centre_in_hand:
            if self.serving:
                await self._put_agents(centre)
                await roster.follow(self.floor, self.desk, centre)
            else:
                self.floor.adopt(centre)
        self.opening.look()
        self._note_what_is_in_force(version)
        self.hub.centre_changed(centre.zone or UTC)
        self._flows_are_due = True

    def _note_what_is_in_force(self, version: CentreVersion) -> None:
        """Keep the text where the flows' tests, a process of their own, find it; desks learn its number."""
        self.hub.centre_version = version.number
        self.settings.centre_in_force.parent.mkdir(parents=True, exist_ok=True)
        self.settings.centre_in_force.write_text(version.text, encoding="utf-8", newline="")

    async def _load_flows(self) -> None:
        loaded = await asyncio.to_thread(self.library.load, self.floor.centre)
        self.flow_board.loaded()
        for problem in loaded.problems:
            level = logging.ERROR if problem.severity is Severity.ERROR else logging.WARNING
            log.log(level, "problem in a flow file: %s", problem)
        wanted = [prompt for flow in loaded.fresh for prompt in (*prompts_of(flow), *prompts_for_waiting(flow))]
        try:
            await self.sounds.make([SORRY, NOT_IN_SERVICE, *whispers_of(self.floor.centre), *wanted])
            self.health["sounds"] = Health(ready=True)
        except Unavailable as fault:
            log.error("prompts could not be made", extra={"why": str(fault)})
            self.health["sounds"] = Health(ready=False, detail=str(fault))
        errors = [problem for problem in loaded.problems if problem.severity is Severity.ERROR]
        self.health["flows"] = Health(
            ready=bool(self.library.flows),
            detail="; ".join(map(str, errors)) or f"{len(self.library.flows)} flows serve",
        )

    async def _watch_database(self) -> None:
        """See whether it is there, and what was applied to it from elsewhere."""
        while True:
            self.health["database"] = health = await self.store.health()
            with suppress(Unavailable):
                await self.administration.follow()
                await self.written.follow()
            await (self.store.lost(within=DATABASE_LOOK) if health.ready else asyncio.sleep(LOOK_S))

    async def _watch_parts(self) -> None:
        shown: Mapping[str, Health] = {}
        while True:
            if (parts := self.parts()) != shown:
                shown = parts
                self.hub.parts_changed()
            await asyncio.sleep(LOOK_S)

    def parts(self) -> Mapping[str, Health]:
        """Return every part, and whether it is ready."""
        ledger, database = self.ledger.health(), self.health["database"]
        parts = {
            "dispatcher": self.tenure.health(serving=self.serving),
            "database": database if ledger.ready else ledger,
            "centre": self.health.get("centre", Health(ready=True)),
            "flows": self.health.get("flows", Health(ready=False, detail="starting")),
            "sounds": self.health.get("sounds", Health(ready=False, detail="starting")),
        }
        if not self.serving:
            return parts  # the switch is not spoken to
        return parts | {
            "switch": self.room.health(up=self.ami.is_up, where=f"{self.settings.ami_host}:{self.settings.ami_port}"),
            "reconciled": Health(self.floor.settled, "" if self.floor.settled else "comparing with the switch"),
        }

    async def _put_agents(self, centre: Centre) -> None:
        await self.store.put_agents(agent_records(self.settings, centre), at=self.clock.now())
        await self.demo_passwords.give(centre.agents)

    def _web(self) -> web.Application:
        return doors(
            self.settings, self.store, self.floor, self.hub, self.desk, self.text_desk, self.written,
            to_flow=self.to_flow, helping=self.helping, administration=self.administration, flow_board=self.flow_board,
            voicemails=self.voicemails, parts=self.parts, serving=lambda: self.serving,
        )  # fmt: skip
