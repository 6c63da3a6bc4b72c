"""Flows and a centre for tests, with sensible defaults: plain functions."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from trunkline.core.agent import members
from trunkline.core.centre import AgentConfig, Centre, Disposition, QueueConfig, Reason, Role
from trunkline.core.hours import OpeningHours, Span
from trunkline.core.ids import AgentId, QueueId
from trunkline.flows.check import check_drafts
from trunkline.flows.flow import Flow
from trunkline.flows.loader import draft_of
from trunkline.flows.talk import Facts, Value

MONDAY_TEN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
MONDAY_NIGHT = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
OFFICE_HOURS = {day: (Span(9 * 60, 17 * 60),) for day in range(5)}


def a_centre(announce_every: timedelta | None = timedelta(seconds=45)) -> Centre:
    """Return a centre with two queues, and support open from nine to five on working days in London."""
    queue = QueueConfig("Sales", timedelta(seconds=20), timedelta(seconds=60), "default", announce_every)
    return Centre(
        name="Acme",
        region="GB",
        language="en-GB",
        queues={QueueId("sales"): queue, QueueId("support"): queue},
        hours={"support": OpeningHours(ZoneInfo("Europe/London"), OFFICE_HOURS)},
        dispositions=(Disposition("resolved", "Resolved"),),
        reasons=(Reason("break", "Break"),),
        agents={AgentId("ana"): AgentConfig("Ana Torres", members(["sales"]), Role.AGENT)},
    )


def the_facts(
    medium: str = "voice", customer: Mapping[str, Value] | None = None, centre: Centre | None = None
) -> Facts:
    """Return what is known of somebody who dialled 100."""
    return Facts(medium, "100", "+447700900123", customer or {}, centre or a_centre())


def a_flow(steps: str, head: str = "flow: main\nstart: begin\n") -> Flow:
    """Return the flow of a file without a problem; `steps` is indented by two, as in a file."""
    draft = draft_of(f"{head}steps:\n{steps}".encode(), "main.yaml")
    problems = check_drafts([draft])
    assert not problems, problems
    flow = draft.flow()
    assert flow is not None
    return flow
