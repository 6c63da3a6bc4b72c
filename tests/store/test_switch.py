"""What Asterisk sees: two SIP accounts for every agent, through a user who can read nothing else."""

import asyncio
import re
import uuid
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from tests.builders import NOON, a_callback, an_agent_record, later
from trunkline.core.errors import Misconfigured
from trunkline.core.interaction import BrowserPhone, Callback, Outcome, end
from trunkline.ports.store import Change
from trunkline.store.database import Database, connect_once
from trunkline.store.migrate import migrate
from trunkline.store.postgres import PostgresStore
from trunkline.store.ready import switch_account
from trunkline.store.switch_role import ensure_switch_role, role_of, scram_verifier


async def forget(database: Database, role: str) -> None:
    """Leave no user behind on a server that may not be ours."""
    await database.rows(f"REVOKE ALL ON ps_endpoints, ps_auths, ps_aors FROM {role}")
    await database.rows(f"DROP ROLE {role}")


def test_the_verifier_is_the_one_of_rfc_7677() -> None:
    # The example exchange of RFC 7677 section 3: its server signature follows from this salt, password and count.
    verifier = scram_verifier("pencil", salt=b"[m\x99h\x9d\x125\x8e\xec\xa0K\x14\x126\xfa\x81")

    assert verifier.startswith("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$")
    assert verifier.endswith(":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=")


async def test_every_agent_has_a_phone_and_a_browser(postgres_store: PostgresStore, database: Database) -> None:
    await postgres_store.put_agents([an_agent_record("ana"), an_agent_record("ben")], at=NOON)

    accounts = await database.rows("SELECT * FROM ps_auths ORDER BY id")
    endpoints = {row["id"]: row for row in await database.rows("SELECT * FROM ps_endpoints")}
    aors = {row["id"] for row in await database.rows("SELECT id FROM ps_aors")}

    assert [row["id"] for row in accounts] == ["ana", "ana-web", "ben", "ben-web"]
    assert accounts[1] == {
        "id": "ana-web", "auth_type": "md5", "username": "ana-web", "realm": "trunkline",
        "md5_cred": "fedcba9876543210" * 2,
    }  # fmt: skip
    assert endpoints.keys() == aors == {"ana", "ana-web", "ben", "ben-web"}
    assert (endpoints["ana-web"]["webrtc"], endpoints["ana"]["webrtc"]) == ("yes", None)
    assert endpoints["ana-web"]["callerid"] == '"Ana" <ana>'


async def test_a_retired_agents_phones_are_gone(postgres_store: PostgresStore, database: Database) -> None:
    await postgres_store.put_agents([an_agent_record("ana"), an_agent_record("ben")], at=NOON)

    await postgres_store.put_agents([an_agent_record("ben")], at=later(1))

    assert {row["id"] for row in await database.rows("SELECT id FROM ps_endpoints")} == {"ben", "ben-web"}


async def test_a_visitors_browser_has_an_account_while_its_call_lives(
    postgres_store: PostgresStore, database: Database
) -> None:
    phone = BrowserPhone("visitor-0815", "0123456789abcdef" * 2)
    call = a_callback(callback=Callback("", phone=phone), agent=None)
    await postgres_store.save([Change(interactions=(call,))])

    assert await database.row("SELECT id, context, webrtc, callerid FROM ps_endpoints") == {
        "id": "visitor-0815", "context": "visitors", "webrtc": "yes", "callerid": '"Visitor" <visitor>',
    }  # fmt: skip
    assert await database.row("SELECT id, md5_cred FROM ps_auths") == {"id": "visitor-0815", "md5_cred": phone.ha1}
    assert await database.row("SELECT id, max_contacts FROM ps_aors") == {"id": "visitor-0815", "max_contacts": "1"}

    await postgres_store.save([Change(interactions=(end(call, Outcome.ABANDONED, at=later(1)),))])
    for view in ("ps_endpoints", "ps_auths", "ps_aors"):
        assert await database.rows(f"SELECT id FROM {view}") == []  # noqa: S608


async def test_a_name_cannot_break_out_of_its_option(postgres_store: PostgresStore, database: Database) -> None:
    name = 'Ana "x" <100>; context=^evil\r\ncontext=evil\\'

    await postgres_store.put_agents([an_agent_record(name=name)], at=NOON)

    row = await database.row("SELECT callerid FROM ps_endpoints WHERE id = 'ana'")
    assert row == {"callerid": '"Ana x 100 context=evilcontext=evil" <ana>'}


async def test_the_switchs_user_reads_three_views_and_nothing_else(database: Database, database_url: str) -> None:
    roles = await asyncio.gather(*(ensure_switch_role(database, "s3cret") for _ in range(3)))
    parts = urlsplit(database_url)
    assert set(roles) == {role_of(parts.path[1:])}
    place = f"{roles[0]}:s3cret@{parts.hostname}:{parts.port}"
    switch = await connect_once(urlunsplit(parts._replace(netloc=place)))

    for view in ("ps_endpoints", "ps_auths", "ps_aors"):
        assert await switch.fetch(f"SELECT * FROM {view}") == []  # noqa: S608
    for table in ("agent", "session", "customer", "interaction", "journal", "agent_endpoint"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await switch.fetch(f"SELECT * FROM {table}")  # noqa: S608
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await switch.execute("CREATE TABLE mine ()")
    await switch.execute("SET default_transaction_read_only = off")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await switch.execute("CREATE TABLE mine ()")
    await switch.close()
    await forget(database, roles[0])


async def test_two_centres_on_one_server_do_not_take_the_user_from_each_other(
    database_url: str, empty_url: str
) -> None:
    await migrate(empty_url)
    told: list[str] = []

    ours = await switch_account(database_url, "ours", told.append)
    theirs = await switch_account(empty_url, "theirs", told.append)

    for account in (ours, theirs):
        switch = await connect_once(account)
        assert await switch.fetch("SELECT * FROM ps_endpoints") == []
        await switch.close()
        async with Database(account.replace(account.partition("@")[0], database_url.partition("@")[0])) as database:
            await forget(database, urlsplit(account).username or "")
    assert told == []


def test_the_role_is_named_after_its_database() -> None:
    strange = [role_of(name) for name in ('a"; DROP', "Acme", "acme centre", "ä" * 40, "a" * 63, "a" * 62)]

    assert role_of("trunkline") == "trunkline_switch"
    assert role_of("acme") == "trunkline_switch_acme"
    assert len(set(strange)) == len(strange)
    assert all(re.fullmatch(r"[a-z0-9_]{1,63}", role) for role in strange)


async def test_a_user_who_may_not_make_roles_is_told_the_cure(database: Database, database_url: str) -> None:
    parts = urlsplit(database_url)
    limited = f"limited_{uuid.uuid4().hex}"
    await database.rows(f"CREATE ROLE {limited} LOGIN PASSWORD 's3cret'")

    async with Database(urlunsplit(parts._replace(netloc=f"{limited}:s3cret@{parts.hostname}:{parts.port}"))) as narrow:
        with pytest.raises(Misconfigured, match="CREATEROLE"):
            await ensure_switch_role(narrow, "s3cret")

    await database.rows(f"DROP ROLE {limited}")
