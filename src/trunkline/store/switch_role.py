"""The database user of Asterisk, with which it reads the agents' SIP accounts."""

import base64
import hashlib
import hmac
import os

from trunkline.core.errors import Misconfigured
from trunkline.store.database import Database
from trunkline.store.queries import queries

_SQL = queries("switch_role")

SWITCH_ROLE = "trunkline_switch"
"""Its name."""


async def ensure_switch_role(database: Database, password: str) -> None:
    """Make Asterisk's user exist with this password (ASCII), able to read the three `ps_` views and nothing else.

    Call it after `migrate`. Raises Misconfigured where our own user may not make roles.
    """
    try:
        await database.rows(_SQL["ensure"].replace("{verifier}", scram_verifier(password)))
    except Misconfigured as refused:
        raise Misconfigured(
            f"cannot make the database user {SWITCH_ROLE}: let an administrator give ours CREATEROLE ({refused})"
        ) from refused


def scram_verifier(password: str, *, salt: bytes | None = None, rounds: int = 4096) -> str:
    """Return what PostgreSQL stores of an ASCII password (RFC 5803: SCRAM-SHA-256$rounds:salt$stored:server).

    Made here, so that the password itself stands in no statement and hence in no log.
    """
    salt = salt or os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, rounds)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt_, stored_, server_ = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${rounds}:{salt_}${stored_}:{server_}"
