"""Worlds for tests of the tools: one flow and the examples' centre, without files."""

from collections.abc import Mapping
from dataclasses import replace

from tests.flows.examples import a_centre
from trunkline.core.hours import OpeningHours
from trunkline.flows.conversation import World
from trunkline.flows.loader import Draft, draft_of


def a_draft(steps: str, head: str = "flow: main\nstart: begin\n") -> Draft:
    """Return a file as it was read, with or without problems; `steps` is indented by two."""
    return draft_of(f"{head}steps:\n{steps}".encode(), "main.yaml")


def a_world(draft: Draft, hours: Mapping[str, OpeningHours] | None = None) -> World:
    """Return the world of a flow that is well shaped."""
    flow = draft.flow()
    assert flow is not None, draft.problems
    centre = a_centre()
    return World(flow, {flow.name: flow}, replace(centre, hours=hours or centre.hours))
