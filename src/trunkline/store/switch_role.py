"""The database user of Asterisk, with which it reads the agents' SIP accounts."""

import base64
import hashlib
import hmac
import os
import re

from trunkline.core.errors import Misconfigured
from trunkline.store.database import Database
from trunkline.store.queries import queries

_SQL = queries("switch_role")

_FITS = 40
"""Characters of a database's name that find room in a name of PostgreSQL's, which has 63."""


async def ensure_switch_role(database: Database, password: str) -> str:
    """Make Asterisk's user exist with this password (ASCII), able to read the three `ps_` views and nothing else.

    Returns its name. Call it after `migrate`. Raises Misconfigured where our own user may not make roles.
    """
    row = await database.row(_SQL["here"])
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    role = role_of(row["name"])
    try:
        await database.rows(_SQL["ensure"].replace("{role}", role).replace("{verifier}", scram_verifier(password)))
    except Misconfigured as refused:
        raise Misconfigured(
            f"cannot make the database user {role}: let an administrator give ours CREATEROLE ({refused})"
        ) from refused
    return role


def role_of(database: str) -> str:
    """Return the user's name for a database: a user belongs to the whole server, where other centres may be.

    It holds nothing that SQL would have to quote; names that are cut or changed for that end in a checksum.
    """
    if database == "trunkline":
        return "trunkline_switch"
    if re.fullmatch(rf"[a-z0-9_]{{1,{_FITS}}}", database):
        return f"trunkline_switch_{database}"
    fit = re.sub(r"[^a-z0-9_]", "_", database.lower())[: _FITS - 11]
    return f"trunkline_switch_{fit}_{hashlib.sha256(database.encode()).hexdigest()[:10]}"


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
