"""Agents as the centre file names them and as the floor leaves them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from trunkline.core.agent import Agent, PhoneKind, Presence, members
from trunkline.core.errors import Misconfigured
from trunkline.core.ids import AgentId
from trunkline.core.occupancy import Busy
from trunkline.ports.store import AgentRecord
from trunkline.store.database import Database, Row
from trunkline.store.lease import UnderLease
from trunkline.store.queries import queries

_SQL = queries("agent")

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]*\Z")


class Agents(UnderLease):
    """The part of the store that keeps agents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_agents(self, agents: Sequence[AgentRecord], *, at: datetime) -> None:
        """Make the agents of the centre file exist, and retire all others.

        Raises Misconfigured for a log-in name that cannot be a SIP account's, or could be another agent's; Fenced, like
        `save`.
        """
        refuse_unfit_logins(agents)
        records = [
            {
                "id": agent.id, "name": agent.name, "role": agent.role, "queues": sorted(agent.queues),
                "sip_ha1": agent.credentials.sip_ha1, "web_ha1": agent.credentials.web_ha1,
            }
            for agent in agents
        ]  # fmt: skip
        self._refuse_fenced(await self._database.rows(_SQL["put"], records, at, self._token))

    async def _active(self) -> Iterable[Agent]:
        return map(agent_of, await self._database.rows(_SQL["active"]))


def refuse_unfit_logins(agents: Iterable[AgentRecord]) -> None:
    """Raise Misconfigured for a log-in name that cannot name a SIP account."""
    for agent in agents:
        if not _LOGIN.match(agent.id) or agent.id.endswith("-web"):
            raise Misconfigured(
                f"agent {agent.id!r}: choose a log-in name of a-z, 0-9, dot, dash and underscore that begins with a"
                " letter or figure and does not end in -web (so ends the name of a browser's account)"
            )


def agent_columns(agent: Agent) -> Mapping[str, Any]:
    """Return what the floor knows of an agent as columns, JSON-able."""
    return {
        "id": agent.id, "name": agent.name, "role": agent.role, "queues": sorted(agent.queues),
        "presence": agent.presence, "reason": agent.reason,
        "since": agent.since.isoformat() if agent.since else None,
        "idle_since": agent.idle_since.isoformat() if agent.idle_since else None,
        "phone": agent.phone,
        "offered_at": agent.offered_at.isoformat() if agent.offered_at else None,
        "unanswered": agent.unanswered, "back_at": agent.back_at.isoformat() if agent.back_at else None,
        "busy_s": agent.lately.seconds, "busy_at": agent.lately.at.isoformat() if agent.lately.at else None,
    }  # fmt: skip


def agent_of(row: Row) -> Agent:
    """Return the agent whose row this is."""
    return Agent(
        id=AgentId(row["id"]), name=row["name"], role=row["role"], queues=members(row["queues"]),
        presence=Presence(row["presence"]), reason=row["reason"], since=row["since"], idle_since=row["idle_since"],
        phone=PhoneKind(row["phone"]), offered_at=row["offered_at"], lately=Busy(row["busy_s"], row["busy_at"]),
        unanswered=row["unanswered"], back_at=row["back_at"],
    )  # fmt: skip
