"""How a flow's run is kept with its interaction, and what the journal says of it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import zip_longest
from typing import Any, Protocol

from trunkline.core.ids import InteractionId
from trunkline.core.interaction import Interaction
from trunkline.core.journal import Happened, JournalEntry
from trunkline.flows.flow import Flow
from trunkline.flows.run import Run, run_from_json, run_to_json


class Flows(Protocol):
    """The flows that are live now, and the versions that runs still use."""

    def flow_for(self, dialled: str) -> Flow | None:
        """Return the flow that a dialled number leads to."""

    def version(self, name: str, version: str) -> Flow | None:
        """Return the very version that a run began with."""

    @property
    def flows(self) -> Mapping[str, Flow]:
        """The flows that serve, by name, each in its present version."""


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


def flow_of(flows: Flows, run: Run) -> Flow | None:
    """Return the flow of a run: the version it began with, else the one that serves now."""
    return flows.version(run.flow, run.version) or flows.flows.get(run.flow)


def steps_taken(id_: InteractionId, before: Run | None, run: Run) -> list[JournalEntry]:
    """Return what is new on a run's path: the answers that were given, and the steps that were reached.

    An answer was given when its step was left, which is when the next one was reached.
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
    return entries
