"""How a flow's run is kept with its interaction, how it moves on, and what the journal says of it."""

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from itertools import zip_longest
from types import MappingProxyType
from typing import Any, Protocol

from trunkline.core.errors import Misconfigured
from trunkline.core.ids import InteractionId
from trunkline.core.interaction import Interaction
from trunkline.core.journal import Happened, JournalEntry
from trunkline.floor.errands import facts_of
from trunkline.floor.state import Floor
from trunkline.flows.flow import Flow
from trunkline.flows.run import Moved, Run, advance, begin, run_from_json, run_to_json, to_people
from trunkline.flows.steps.step import UnfitAnswer
from trunkline.flows.talk import Action, Answer, Facts, Resumed

log = logging.getLogger(__name__)


class Flows(Protocol):
    """The flows that are live now, and the versions that runs still use."""

    def flow_for(self, dialled: str) -> Flow | None:
        """Return the flow that a dialled number leads to."""

    def flow_on(self, channel: str) -> Flow | None:
        """Return the flow that a text channel leads to."""

    def version(self, name: str, version: str) -> Flow | None:
        """Return the very version that a run began with."""

    @property
    def flows(self) -> Mapping[str, Flow]:
        """The flows that serve, by name, each in its present version."""


class Runs:
    """Moves the runs of interactions on.

    Every method but `go_on` raises Misconfigured where the flow itself is at fault.
    """

    def __init__(self, floor: Floor, flows: Flows) -> None:
        self._floor = floor
        self._flows = flows

    def enter(self, interaction: Interaction) -> Moved | None:
        """Begin the flow of an interaction's number or channel, or go on where it was; None where no flow is for it."""
        now, facts, run = self._floor.clock.now(), self.facts(interaction), run_of(interaction)
        if run is not None and (flow := self.flow_of(run)) is not None:
            if run.step in flow.steps or not run.step:
                return advance(flow, fitted(run, flow), Resumed(), facts, now)
            return begin(flow, facts, now)
        flow = self._flow_for(interaction)
        return begin(flow, facts, now) if flow is not None else None

    def begin_for_agent(self, interaction: Interaction, name: str) -> Moved | None:
        """Begin a flow to which an agent hands an interaction; None where it is none for them, or for its medium."""
        flow = self._flows.flows.get(name)
        if flow is None or not flow.for_agents or interaction.medium not in flow.media:
            return None
        return begin(flow, self.facts(interaction), self._floor.clock.now(), after=run_of(interaction))

    def begin_follow_up(self, interaction: Interaction, name: str) -> Moved | None:
        """Begin the flow of a follow-up; None where it does not serve, or not on its medium. Raises Misconfigured."""
        flow = self._flows.flows.get(name)
        if flow is None or interaction.medium not in flow.media:
            return None
        return begin(flow, self.facts(interaction), self._floor.clock.now())

    def reads_customer(self, interaction: Interaction) -> bool:
        """Whether the flow that an interaction begins, or one that it runs, goes by who the customer is."""
        first = self._flow_for(interaction)
        seen, ahead = set[str](), [first] if first is not None else []
        while ahead:
            flow = ahead.pop()
            if flow.reads_customer:
                return True
            seen.add(flow.name)
            ahead += [self._flows.flows[name] for name in flow.inner - seen if name in self._flows.flows]
        return False

    def _flow_for(self, interaction: Interaction) -> Flow | None:
        if interaction.medium == "voice":
            return self._flows.flow_for(interaction.dialled)
        flow = self._flows.flow_on(interaction.dialled)
        return flow if flow is not None and interaction.medium in flow.media else None

    def advance(self, interaction: Interaction, answer: Answer) -> Moved | None:
        """Give an answer to the run of an interaction; None when it has none, or its flow or its step is gone."""
        run = run_of(interaction)
        flow = self.flow_of(run) if run is not None else None
        if run is None or flow is None or (run.step and run.step not in flow.steps):
            return None
        return advance(flow, fitted(run, flow), answer, self.facts(interaction), self._floor.clock.now())

    def go_on(self, interaction: Interaction, answer: Answer) -> Moved | None:
        """Give an answer as `advance` does, but never raise: None, and the log says why, where it leads nowhere."""
        try:
            moved, why = self.advance(interaction, answer), "its flow is gone"
        except (Misconfigured, UnfitAnswer) as fault:
            moved, why = None, str(fault)
        if moved is None:
            log.error("a flow cannot go on", extra={"interaction": interaction.id, "why": why})
        return moved

    def present_action(self, interaction: Interaction) -> Action | None:
        """Return what the flow wants done at the step where it stands."""
        run = run_of(interaction)
        if run is None or (flow := self.flow_of(run)) is None or run.step not in flow.steps:
            return None
        moved = self.advance(interaction, Resumed())
        return moved.action if moved is not None else None

    def to_people(self, interaction: Interaction) -> Moved | None:
        """Go on at the flow's first queue, if it has one: for a caller to whom nothing can be said."""
        run = run_of(interaction)
        flow = self.flow_of(run) if run is not None else None
        if run is None or flow is None:
            return None
        return to_people(flow, fitted(run, flow), self.facts(interaction), self._floor.clock.now())

    def flow_of(self, run: Run) -> Flow | None:
        """Return the flow of a run: the version it began with, else the one that serves now."""
        return self._flows.version(run.flow, run.version) or self._flows.flows.get(run.flow)

    def language_of(self, run: Run) -> str:
        """Return the language that a run speaks now."""
        flow = self.flow_of(run)
        return run.language or (flow.language if flow is not None else self._floor.centre.language)

    def language_for(self, interaction: Interaction) -> str:
        """Return the language that somebody is spoken to in: their run's, else the centre's."""
        run = run_of(interaction)
        return self.language_of(run) if run is not None else self._floor.centre.language

    def facts(self, interaction: Interaction) -> Facts:
        """Return what a flow can read of an interaction."""
        profile = self._floor.profiles.get(interaction.id)
        customer = profile.customer if profile is not None else None
        return Facts(
            interaction.medium,
            interaction.dialled,
            interaction.address.e164,
            facts_of(customer) if customer is not None else {},
            self._floor.centre,
            self._flows,
        )


def run_of(interaction: Interaction) -> Run | None:
    """Return the run that an interaction was last stored with."""
    return run_from_json(json.dumps(interaction.run)) if interaction.run is not None else None


def stored(run: Run) -> Mapping[str, Any]:
    """Return a run as an interaction keeps it."""
    mapping: Mapping[str, Any] = json.loads(run_to_json(run))
    return mapping


def fitted(run: Run, flow: Flow) -> Run:
    """Return the run as one of the version that is at hand; normally it is that already."""
    return run if run.version == flow.version else replace(run, version=flow.version)


def tell_faults(id_: InteractionId, moved: Moved) -> None:
    """Log the values that a flow could not have on its way."""
    for fault in moved.faults:
        log.warning("a value of a flow was missing", extra={"interaction": id_, "step": moved.run.step, "why": fault})


def steps_taken(
    id_: InteractionId, before: Run | None, run: Run, *, about: Mapping[str, Any] = MappingProxyType({})
) -> list[JournalEntry]:
    """Return what is new on a run's path: the answers that were given, and the steps that were reached.

    An answer was given when its step was left, which is when the next one was reached. `about`: of what a score is.
    """
    known = {(visit.step, visit.at): visit.answer for visit in before.path} if before is not None else {}
    entries = []
    left = [visit.at for visit in run.path[1:]]
    for visit, left_at in zip_longest(run.path, left):
        facts = {"flow": visit.flow, "step": visit.step}
        if (visit.step, visit.at) not in known:
            entries.append(JournalEntry(Happened.STEP_REACHED, visit.at, id_, facts=facts))
        if visit.answer is not None and known.get((visit.step, visit.at)) != visit.answer:
            answered = {**facts, "answer": visit.answer}
            entries.append(JournalEntry(Happened.ANSWERED_STEP, left_at or visit.at, id_, facts=answered))
    if run.rating is not None and (before is None or before.rating != run.rating):
        rated = {
            "flow": run.rating.flow or run.flow,
            "question": run.rating.question,
            "score": run.rating.score,
            **about,
        }
        entries.append(JournalEntry(Happened.RATED, run.path[-1].at, id_, facts=rated))
    return entries
