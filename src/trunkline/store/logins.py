"""Passwords (argon2id) and sessions (opaque tokens, of which only the hash is stored)."""

import asyncio
import hashlib
import secrets
from collections.abc import Collection, Set
from datetime import datetime, timedelta
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from trunkline.core.errors import Rejected
from trunkline.core.ids import AgentId
from trunkline.ports.store import Session
from trunkline.store.database import Database
from trunkline.store.queries import queries

_SQL = queries("login")


class UnknownAgent(Rejected):
    """No such agent, or one who is retired."""

    def __init__(self, agent: AgentId) -> None:
        super().__init__(f"there is no agent {agent!r}: add them to the centre first")


class PasswordHashing:
    """Argon2id in threads, a few at a time: each takes tens of megabytes and milliseconds of a core on purpose."""

    def __init__(self, hasher: PasswordHasher | None = None, *, at_once: int = 2) -> None:
        self._hasher = hasher or PasswordHasher()
        self._room = asyncio.Semaphore(at_once)

    async def hash(self, password: str) -> str:
        """Return the hash of a password, parameters and salt included."""
        async with self._room:
            return await asyncio.to_thread(self._hasher.hash, _bytes(password))

    async def check(self, password: str, against: str | None) -> bool:
        """Whether this password made the hash; against None it takes as long and is False."""
        async with self._room:
            return await asyncio.to_thread(self._check, _bytes(password), against)

    def is_outdated(self, hashed: str) -> bool:
        """Whether the hash was made with parameters other than today's."""
        return self._hasher.check_needs_rehash(hashed)

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash(secrets.token_bytes(16))

    def _check(self, password: bytes, against: str | None) -> bool:
        try:
            return self._hasher.verify(against or self._nobodys, password) and against is not None
        except (VerificationError, InvalidHashError):
            return False


class Logins:
    """The part of the store that keeps passwords and sessions."""

    def __init__(self, database: Database, hashing: PasswordHashing | None = None) -> None:
        self._database = database
        self._hashing = hashing or PasswordHashing()

    async def set_password(self, agent: AgentId, password: str) -> None:
        """Store a password and end the agent's sessions; raises UnknownAgent."""
        if await self._database.row(_SQL["set_password"], agent, await self._hashing.hash(password)) is None:
            raise UnknownAgent(agent)

    async def has_password(self, agent: AgentId) -> bool:
        """Whether the agent can log in at all."""
        return await self._database.row(_SQL["password_hash"], agent) is not None

    async def check_password(self, agent: AgentId, password: str) -> bool:
        """Whether this is the agent's password; takes as long for an agent who does not exist."""
        row = await self._database.row(_SQL["password_hash"], agent)
        stored = row["password_hash"] if row else None
        right = await self._hashing.check(password, stored)
        if right and stored is not None and self._hashing.is_outdated(stored):
            await self._database.rows(_SQL["rehash"], agent, await self._hashing.hash(password), stored)
        return right

    async def open_session(self, agent: AgentId, *, lasts: timedelta, at: datetime) -> str:
        """Return a new session's token (256 random bits, 43 characters of URL-safe base64); raises UnknownAgent."""
        token = secrets.token_urlsafe(32)
        if await self._database.row(_SQL["open_session"], _sha256(token), agent, at, at + lasts) is None:
            raise UnknownAgent(agent)
        return token

    async def session(self, token: str, *, at: datetime) -> Session | None:
        """Return a session that is open and whose agent is not retired."""
        row = await self._database.row(_SQL["session"], _sha256(token), at)
        return Session(AgentId(row["agent_id"]), row["expires_at"]) if row else None

    async def closed_among(self, tokens: Collection[str], *, at: datetime) -> Set[str]:
        """Return those of these sessions that are not open, or whose agent is retired."""
        by_hash = {_sha256(token): token for token in tokens}
        rows = await self._database.rows(_SQL["closed_among"], list(by_hash), at)
        return {by_hash[row["token_sha256"]] for row in rows}

    async def close_session(self, token: str) -> None:
        """End a session."""
        await self._database.rows(_SQL["close_session"], _sha256(token))


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
