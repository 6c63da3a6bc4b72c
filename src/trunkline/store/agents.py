"""Agents as the centre file names them and as the floor leaves them, and the database role of the switch."""

import base64
import hashlib
import hmac
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from trunkline.core.agent import Agent, PhoneKind, Presence
from trunkline.core.errors import Misconfigured
from trunkline.core.ids import AgentId, InteractionId, QueueId
from trunkline.ports.store import AgentRecord
from trunkline.store.database import Database, Row
from trunkline.store.queries import queries

_SQL = queries("agent")

SWITCH_ROLE = "trunkline_switch"
"""The database user of Asterisk: it can read the three `ps_` views and nothing else."""

_MAKE_ROLE = f"""
DO $do$
BEGIN
    CREATE ROLE {SWITCH_ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 20;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$do$;
"""

_GRANTS = (
    f"ALTER ROLE {SWITCH_ROLE} SET default_transaction_read_only = on",
    # Asterisk asks from the threads that serve phones: better no answer than a late one.
    f"ALTER ROLE {SWITCH_ROLE} SET statement_timeout = '2s'",
    f"GRANT SELECT ON ps_endpoints, ps_auths, ps_aors TO {SWITCH_ROLE}",
)


class Agents:
    """The part of the store that keeps agents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_agents(self, agents: Sequence[AgentRecord], *, at: datetime) -> None:
        """Make the agents of the centre file exist, and retire all others.

        Raises Misconfigured for a name that ends in `-web`: so ends the name of another agent's browser account.
        """
        for agent in agents:
            if not agent.id or agent.id.endswith("-web"):
                raise Misconfigured(f"agent {agent.id!r}: choose a log-in name that is not empty or ends in -web")
        records = [
            {
                "id": agent.id, "name": agent.name, "role": agent.role, "queues": sorted(agent.queues),
                "sip_ha1": agent.credentials.sip_ha1, "web_ha1": agent.credentials.web_ha1,
            }
            for agent in agents
        ]  # fmt: skip
        await self._database.rows(_SQL["put"], records, at)

    async def _active(self) -> Iterable[Agent]:
        return map(agent_of, await self._database.rows(_SQL["active"]))


def agent_columns(agent: Agent) -> Mapping[str, Any]:
    """Return what the floor knows of an agent as columns, JSON-able."""
    return {
        "id": agent.id, "name": agent.name, "role": agent.role, "queues": sorted(agent.queues),
        "presence": agent.presence, "reason": agent.reason,
        "since": agent.since.isoformat() if agent.since else None,
        "idle_since": agent.idle_since.isoformat() if agent.idle_since else None,
        "phone": agent.phone, "busy": agent.busy,
    }  # fmt: skip


def agent_of(row: Row) -> Agent:
    """Return the agent whose row this is."""
    return Agent(
        id=AgentId(row["id"]), name=row["name"], role=row["role"], queues=frozenset(map(QueueId, row["queues"])),
        presence=Presence(row["presence"]), reason=row["reason"], since=row["since"], idle_since=row["idle_since"],
        phone=PhoneKind(row["phone"]), busy=InteractionId(str(row["busy"])) if row["busy"] else None,
    )  # fmt: skip


async def ensure_switch_role(database: Database, password: str) -> None:
    """Make Asterisk's database user exist with this password, able to read the three views and nothing else.

    Call it after `migrate`. Raises Misconfigured where our own user may not make roles.
    """
    try:
        await database.rows(_MAKE_ROLE)
        made = await database.row(_SQL["make_switch_role"], scram_verifier(password))
        for command in (*([made["command"]] if made else []), *_GRANTS):
            await database.rows(command)
    except Misconfigured as refused:
        raise Misconfigured(
            f"cannot make the database role {SWITCH_ROLE}: let an administrator give our user CREATEROLE ({refused})"
        ) from refused


def scram_verifier(password: str, *, salt: bytes | None = None, rounds: int = 4096) -> str:
    """Return what PostgreSQL stores of an ASCII password (RFC 5803: SCRAM-SHA-256$rounds:salt$stored:server)."""
    salt = salt or os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, rounds)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    encoded = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return "SCRAM-SHA-256${}:{}${}:{}".format(rounds, *encoded)
